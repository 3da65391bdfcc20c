//! The service: built from settings, then run until it receives SIGTERM, SIGINT or SIGHUP.

mod background;
mod build;
mod mail;
mod server;
mod services;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use actix_rt::signal::unix::{Signal, SignalKind, signal};
use actix_rt::task::JoinHandle;
use actix_rt::time::timeout;
use actix_web::dev;
use server::MetricsServer;

pub use build::StartError;

/// The service, listening.
pub struct Application {
    server: dev::Server,
    address: SocketAddr,
    metrics: Option<MetricsServer>,
    audit_written: JoinHandle<()>,
    created: Created,
}

/// What this start has created.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// The migrations that ran.
    pub migrations: Vec<String>,
    /// Whether the master key was created.
    pub master_key: bool,
}

/// How long the rest of the audit trail may take to be written when the service stops.
const AUDIT_PATIENCE: Duration = Duration::from_secs(2);

/// The signals that stop the service. From the moment that there is such a value, they do not end the program by
/// themselves.
pub struct StopSignals([Signal; 3]);

impl StopSignals {
    /// Starts to receive SIGTERM, SIGINT and SIGHUP.
    ///
    /// # Errors
    ///
    /// If that fails.
    pub fn receive() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::hangup())?,
        ]))
    }
}

impl Application {
    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of the metrics listener, if there is one.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|metrics| metrics.address)
    }

    /// What this start has created.
    pub fn created(&self) -> &Created {
        &self.created
    }

    /// A handle with which another thread can stop it.
    pub fn handle(&self) -> dev::ServerHandle {
        self.server.handle()
    }

    /// Answers requests until SIGTERM, SIGINT or SIGHUP, then finishes those that were begun.
    ///
    /// # Errors
    ///
    /// If the sockets fail.
    pub async fn run_until_signalled(self, signals: StopSignals) -> io::Result<()> {
        for mut signals in signals.0 {
            let handle = self.handle();
            actix_rt::spawn(async move {
                signals.recv().await;
                handle.stop(true).await;
            });
        }
        self.run_until_stopped().await
    }

    /// Answers requests until it is stopped by its [`handle`](Self::handle), then finishes those that were begun.
    ///
    /// # Errors
    ///
    /// If the sockets fail.
    pub async fn run_until_stopped(self) -> io::Result<()> {
        self.server.await?;
        if let Some(metrics) = self.metrics {
            metrics.handle.stop(false).await;
        }
        // The audit trail was dropped with the server; its events are still being written.
        if timeout(AUDIT_PATIENCE, self.audit_written).await.is_err() {
            log::error!("audit trail: not all events were written before the service stopped");
        }
        Ok(())
    }
}
