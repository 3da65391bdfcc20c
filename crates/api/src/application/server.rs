//! The HTTP servers.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use actix_web::middleware::{Condition, from_fn};
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

/// Seconds to finish requests when the service stops. With the time that the audit trail may take, it is less
/// than the ten seconds after which Docker kills.
const SHUTDOWN_TIMEOUT: u64 = 6;

pub(super) fn listen(http: &Http, services: Services) -> Result<Listening, StartError> {
    let allowed_origins = http.allowed_origins.clone();
    let has_sites = http.sites.are_there_others();
    let metrics_source = services.metrics_source();
    let server = HttpServer::new(move || {
        App::new()
            .configure(|config| services.register(config))
            .wrap(Condition::new(
                !allowed_origins.is_empty(),
                cors(allowed_origins.clone()),
            ))
            .wrap(from_fn(Edge::pass))
            .wrap_api()
            .configure(routes::api)
            .build()
            .configure(pages::docs_routes)
            .configure(|config| {
                if services.has_pages {
                    pages::user_routes(config, services.has_playground);
                }
            })
            .configure(|config| {
                if has_sites {
                    pages::site_routes(config);
                }
            })
            .default_service(web::to(|| async {
                Err::<&str, _>(Problem::from(Code::NotFound))
            }))
    })
    .max_connections(MAX_CONNECTIONS)
    .shutdown_timeout(SHUTDOWN_TIMEOUT)
    .keep_alive(http.keep_alive)
    .disable_signals()
    .listen(bind(http.listen)?)
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

/// Binds the address. Where there is no IPv6, all addresses are those of IPv4.
fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    let bound = TcpListener::bind(address).or_else(|error| {
        let all_of_v4 = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), address.port());
        match address.ip() == Ipv6Addr::UNSPECIFIED && error.kind() != io::ErrorKind::AddrInUse {
            true => TcpListener::bind(all_of_v4),
            false => Err(error),
        }
    });
    bound.map_err(|error| StartError::Listen { address, error })
}
