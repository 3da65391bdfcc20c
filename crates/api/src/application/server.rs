//! The HTTP servers.

use std::net::SocketAddr;

use actix_web::middleware::{Condition, Logger, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer, dev};
use paperclip::actix::OpenApiExt;

use super::StartError;
use super::services::Services;
use crate::cors::cors;
use crate::edge::Edge;
use crate::metrics_listener::{self, MetricsSource};
use crate::pages;
use crate::problem::{Code, Problem};
use crate::routes;
use crate::settings::Http;

/// The servers, listening.
pub(super) struct Listening {
    pub(super) server: dev::Server,
    pub(super) address: SocketAddr,
    pub(super) metrics: Option<MetricsServer>,
}

/// The server of the metrics listener.
pub(super) struct MetricsServer {
    pub(super) handle: dev::ServerHandle,
    pub(super) address: SocketAddr,
}

/// Connections per worker: each may hold some memory while its client is slow.
const MAX_CONNECTIONS: usize = 4096;

/// Seconds to finish requests when the service stops.
const SHUTDOWN_TIMEOUT: u64 = 30;

/// The target of requests in the log, at the level debug.
const ACCESS_LOG: &str = "symbolon::access";

pub(super) fn listen(http: &Http, services: Services) -> Result<Listening, StartError> {
    let allowed_origins = http.allowed_origins.clone();
    let has_access_log = log::log_enabled!(target: ACCESS_LOG, log::Level::Debug);
    let metrics_source = services.metrics_source();
    let server = HttpServer::new(move || {
        App::new()
            .configure(|config| services.register(config))
            .wrap(Condition::new(
                !allowed_origins.is_empty(),
                cors(allowed_origins.clone()),
            ))
            .wrap(from_fn(Edge::pass))
            .wrap(Condition::new(has_access_log, access_logger()))
            .wrap_api()
            .configure(routes::api)
            .build()
            .configure(pages::docs_routes)
            .configure(|config| {
                if services.has_account_page {
                    pages::account_routes(config);
                }
            })
            .default_service(web::to(|| async {
                Err::<&str, _>(Problem::from(Code::NotFound))
            }))
    })
    .max_connections(MAX_CONNECTIONS)
    .shutdown_timeout(SHUTDOWN_TIMEOUT)
    .bind(http.listen)
    .map_err(|error| StartError::Listen {
        address: http.listen,
        error,
    })?;
    let address = server.addrs().first().copied().unwrap_or(http.listen);
    let metrics = http
        .metrics_listen
        .map(|address| listen_for_metrics(address, metrics_source));
    let metrics = metrics.transpose()?;
    Ok(Listening {
        server: server.run(),
        address,
        metrics,
    })
}

/// One thread suffices: Prometheus scrapes rarely.
fn listen_for_metrics(
    listen: SocketAddr,
    source: Data<MetricsSource>,
) -> Result<MetricsServer, StartError> {
    let app = move || {
        App::new()
            .app_data(source.clone())
            .configure(metrics_listener::routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(16)
        .disable_signals()
        .bind(listen)
        .map_err(|error| StartError::Listen {
            address: listen,
            error,
        })?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    let server = server.run();
    let handle = server.handle();
    actix_rt::spawn(server);
    Ok(MetricsServer { handle, address })
}

/// Method and path, never a query or a header, which could hold a token.
fn access_logger() -> Logger {
    Logger::new("%a %{method}xi %U %s %b %Ts %{x-request-id}o")
        .custom_request_replace("method", |request| request.method().to_string())
        .log_target(ACCESS_LOG)
        .log_level(log::Level::Debug)
}
