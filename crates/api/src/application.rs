//! The service: built from settings, then run until it is told to stop.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::task::JoinHandle;
use actix_rt::time::timeout;
use actix_web::middleware::{Condition, Logger, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer, dev};
use paperclip::actix::OpenApiExt;
use store::{DatabaseUrl, Store, StoreError, keys, migrations};
use thiserror::Error;

use crate::accounts::{AccountRules, Accounts};
use crate::async_store::AsyncStore;
use crate::audit::Audit;
use crate::cleaning::clean;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::events::Events;
use crate::http::cookie::{DeviceCookie, RefreshCookie};
use crate::http::handlers::account::AccountPage;
use crate::http::handlers::verify::PassedOn;
use crate::http::handlers::well_known::JwksMaxAge;
use crate::http::problem::{Code, Problem};
use crate::http::watch::{self, Watch};
use crate::http::{Edge, TrustedIssuers, TrustedProxies, cors, routes};
use crate::keys::{Keys, KeysError, MasterKeyError, make_first_keys};
use crate::limits::Limits;
use crate::metrics::Metrics;
use crate::openapi;
use crate::private_dir;
use crate::readiness::Readiness;
use crate::revocations::Revocations;
use crate::revoked_sessions::RevokedSessionsList;
use crate::service_keys::ServiceKeys;
use crate::sessions::Sessions;
use crate::settings::{Database, Settings};
use crate::tokens::Tokens;

/// The service, listening.
pub struct Application {
    server: dev::Server,
    address: SocketAddr,
    made_at_start: MadeAtStart,
    written: JoinHandle<()>,
    metrics: Option<MetricsServer>,
}

/// What was made on this start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MadeAtStart {
    /// The migrations that ran.
    pub migrations: Vec<String>,
    /// Whether the master key was made.
    pub master_key: bool,
}

/// Why the service does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The directory of the database cannot be made.
    #[error("the directory of {of} cannot be made: {error}")]
    Directory {
        /// The database.
        of: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Migrates the database and opens it, and returns which migrations ran. Used by the command line
/// as well, so that it works before the service was ever started.
///
/// # Errors
///
/// [`StartError`].
pub fn open_database(database: &Database) -> Result<(Store, Vec<String>), StartError> {
    if let DatabaseUrl::Sqlite(file) = &database.url {
        private_dir::make_parent(file).map_err(|error| StartError::Directory {
            of: file.clone(),
            error,
        })?;
    }
    let migrated = migrations::run(&database.url, &database.options)?;
    Ok((Store::open(&database.url, database.options)?, migrated))
}

impl Application {
    /// Brings everything up and listens; nothing is answered before
    /// [`run_until_stopped`](Self::run_until_stopped).
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn build(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        let (store, migrations) = open_database(&settings.database)?;
        let database_has_keys = store.read(keys::exist)?;
        let (master_key, made) = settings
            .keys
            .master_key
            .load(database_has_keys, &*entropy)?;
        let now = clock.now();
        let rules = settings.keys.rules;
        make_first_keys(&store, &master_key, &rules, &*entropy, now)?;
        let keys = Keys::load(&store, master_key, rules, entropy.clone(), now)?;
        let rings = keys.rings(now)?;
        let signing = rings.access.signing.algorithm();
        if signing != rules.algorithm {
            log::warn!(
                "access tokens are signed with {signing}, the algorithm of the key in the \
                 database; SYMBOLON_SIGNING_ALG={} is for the next key (`symbolon keys rotate`)",
                rules.algorithm
            );
        }
        if !settings.http.trusted_issuers.is_empty() {
            log::warn!(
                "every host in {} may issue tokens for any user without a service key \
                 (SYMBOLON_TRUSTED_ISSUERS)",
                list(&settings.http.trusted_issuers)
            );
        }
        let metrics = Arc::new(Metrics::default());
        let (audit, audit_writer) = Audit::new(metrics.clone(), clock.clone(), entropy.clone());
        keys.tell_ages(&metrics, now);
        let audit = Arc::new(audit);
        let revocations = Revocations::load(&store, settings.access_ttl, now)?;
        let revocations = Arc::new(revocations);
        // Admitted beside the calls of clients, however many there are.
        let background = AsyncStore::new(store.clone());
        let issuer = settings.http.public_url.issuer();
        let audience = &settings.http.audience;
        let tokens = Tokens::new(rings, issuer, audience, settings.access_ttl);
        let listening = serve(
            settings,
            store,
            tokens.clone(),
            audit.clone(),
            revocations.clone(),
            &clock,
            &entropy,
        )?;
        actix_rt::spawn(revocations.follow(background.clone(), clock.clone()));
        // Weakly: the trail ends with the server.
        let noted = Arc::downgrade(&audit);
        actix_rt::spawn(
            keys.follow(background.clone(), clock.clone(), noted, move |rings| {
                tokens.use_rings(rings);
            }),
        );
        let retention = settings.audit.retention;
        let written = actix_rt::spawn(audit_writer.write(background.clone()));
        actix_rt::spawn(clean(background, retention, clock));
        Ok(Self {
            metrics: listening.metrics,
            written,
            server: listening.server,
            address: listening.address,
            made_at_start: MadeAtStart {
                migrations,
                master_key: made,
            },
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics are told, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|metrics| metrics.address)
    }

    /// What was made on this start.
    pub fn made_at_start(&self) -> &MadeAtStart {
        &self.made_at_start
    }

    /// A handle that stops it from elsewhere.
    pub fn handle(&self) -> dev::ServerHandle {
        self.server.handle()
    }

    /// Answers until SIGTERM or SIGINT, then finishes what was begun.
    ///
    /// # Errors
    ///
    /// When the sockets fail.
    pub async fn run_until_stopped(self) -> io::Result<()> {
        self.server.await?;
        if let Some(metrics) = self.metrics {
            metrics.handle.stop(false).await;
        }
        // With the server the audit trail has ended; what it had is written still.
        if timeout(LAST_WORDS, self.written).await.is_err() {
            log::error!("audit trail: not all was written before the stop");
        }
        Ok(())
    }
}

fn serve(
    settings: &Settings,
    store: Store,
    tokens: Tokens,
    audit: Arc<Audit>,
    revocations: Arc<Revocations>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Listening, StartError> {
    let store = AsyncStore::new(store);
    let http = &settings.http;
    let sessions = Data::new(Sessions::new(
        store.clone(),
        tokens.clone(),
        revocations.clone(),
        settings.sessions,
        audit.clone(),
        clock.clone(),
        entropy.clone(),
    ));
    let accounts = Data::new(Accounts::new(
        store.clone(),
        AccountRules {
            registration: settings.accounts.registration,
            hashing: settings.accounts.hashing.clone(),
            limit: settings.limits.account,
        },
        revocations.clone(),
        audit.clone(),
        clock.clone(),
        entropy.clone(),
    ));
    let revoked_sessions = RevokedSessionsList::new(tokens.access.clone(), revocations.clone());
    let revoked_sessions = Data::new(revoked_sessions);
    let access_tokens = Data::from(tokens.access);
    let service_keys = Data::new(ServiceKeys::new(
        store.clone(),
        audit.clone(),
        clock.clone(),
    ));
    let limits = Data::new(Limits::new(&settings.limits, clock));
    let events = Data::new(Events::new(store.clone()));
    let readiness = Data::new(Readiness::new(store.clone(), audit.clone()));
    let edge = Data::new(Edge::new(http, audit.shared_metrics()));
    let watch = Data::new(Watch {
        store,
        accounts: accounts.clone().into_inner(),
        revocations: revocations.clone(),
        limits: limits.clone().into_inner(),
        audit,
        clock: clock.clone(),
    });
    let device_tokens = Data::from(tokens.device);
    let device_cookie = Data::new(DeviceCookie::new(http));
    let clock = Data::new(clock.clone());
    let revocations = Data::from(revocations);
    let passed_on = Data::new(PassedOn {
        claims: http.verify_claims.clone(),
        identity: http.verify_identity,
    });
    let jwks_max_age = Data::new(JwksMaxAge::new(settings.keys.rules.publish_ahead));
    let public_url = Data::new(http.public_url.clone());
    let cookie = RefreshCookie::new(http);
    let document = Data::new(openapi::document(&cookie));
    let cookie = Data::new(cookie);
    let trusted_issuers = Data::new(TrustedIssuers::new(http));
    let trusted_proxies = Data::new(TrustedProxies(http.trusted_proxies.clone()));
    let allowed_origins = http.allowed_origins.clone();
    let account_page = Data::new(AccountPage::new(settings.accounts.registration));
    let with_account_page = settings.accounts.page;
    let access_log = log::log_enabled!(target: ACCESS_LOG, log::Level::Debug);

    let server = HttpServer::new(move || {
        App::new()
            .app_data(sessions.clone())
            .app_data(accounts.clone())
            .app_data(access_tokens.clone())
            .app_data(revocations.clone())
            .app_data(revoked_sessions.clone())
            .app_data(service_keys.clone())
            .app_data(events.clone())
            .app_data(readiness.clone())
            .app_data(clock.clone())
            .app_data(limits.clone())
            .app_data(device_tokens.clone())
            .app_data(device_cookie.clone())
            .app_data(cookie.clone())
            .app_data(document.clone())
            .app_data(edge.clone())
            .app_data(passed_on.clone())
            .app_data(jwks_max_age.clone())
            .app_data(public_url.clone())
            .app_data(account_page.clone())
            .app_data(trusted_issuers.clone())
            .app_data(trusted_proxies.clone())
            .wrap(Condition::new(
                !allowed_origins.is_empty(),
                cors(&allowed_origins),
            ))
            .wrap(from_fn(Edge::pass))
            .wrap(Condition::new(access_log, access_logger()))
            .wrap_api()
            .configure(routes::api)
            .build()
            .configure(routes::pages)
            .configure(|config| {
                if with_account_page {
                    routes::account(config);
                }
            })
            .default_service(actix_web::web::to(|| async {
                Err::<&str, _>(Problem::from(Code::NotFound))
            }))
    })
    .max_connections(MAX_CONNECTIONS)
    .shutdown_timeout(30)
    .bind(http.listen)
    .map_err(|error| StartError::Listen {
        address: http.listen,
        error,
    })?;
    let address = server.addrs().first().copied().unwrap_or(http.listen);
    let metrics = http
        .metrics_listen
        .map(|listen| serve_metrics(listen, watch));
    let metrics = metrics.transpose()?;
    Ok(Listening {
        server: server.run(),
        address,
        metrics,
    })
}

/// What listens.
struct Listening {
    server: dev::Server,
    address: SocketAddr,
    metrics: Option<MetricsServer>,
}

/// What tells the metrics.
struct MetricsServer {
    handle: dev::ServerHandle,
    address: SocketAddr,
}

/// One thread will do: nobody asks often.
fn serve_metrics(listen: SocketAddr, watch: Data<Watch>) -> Result<MetricsServer, StartError> {
    let server =
        HttpServer::new(move || App::new().app_data(watch.clone()).configure(watch::metrics))
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

/// For writing what the audit trail still has.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Connections for each processor, at most: each may hold some memory while its client is slow.
const MAX_CONNECTIONS: usize = 4096;

/// Requests are logged under this name, at the level debug.
const ACCESS_LOG: &str = "symbolon::access";

/// Method and path, never a query or a header: those could hold a token.
fn access_logger() -> Logger {
    Logger::new("%a %{method}xi %U %s %b %Ts")
        .custom_request_replace("method", |request| request.method().to_string())
        .log_target(ACCESS_LOG)
        .log_level(log::Level::Debug)
}

fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}
