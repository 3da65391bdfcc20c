use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use identity::clock::Clock;
use identity::database::DatabaseError;
use identity::entropy::Entropy;
use identity::keys::{
    KeyFollower, KeyRing, KeysError, MasterKey, MasterKeyError, Rings, create_first_keys,
};
use identity::service_keys::KnownServiceKeys;
use identity::sessions::{ClaimChanges, Denylist};
use identity::tokens::{Tokens, load_locked_out};
use identity::{AsyncStore, Ports, audit::Audit, metrics::Metrics};
use store::{Store, StoreError, UnixMillis, keys};
use thiserror::Error;

use super::background::{Background, start};
use super::mail::{deliverer, mailing};
use super::server::listen;
use super::services::{Known, Services};
use super::{Application, Created};
use crate::settings::Settings;

/// Why the service cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// It cannot listen on the address.
    #[error(
        "cannot listen on {address}: {error}; --listen and --public-url choose another address"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key cannot be loaded.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The signing keys cannot be loaded.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

impl Application {
    /// Builds the service and listens. Requests are answered by
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
        let (store, migrations) = settings.database.open()?;
        let now = clock.now();
        let (master_key, is_new) = load_master_key(settings, &store, &*entropy, now)?;
        let follower = KeyFollower::load(&store, master_key.clone(), now)?;
        let rings = follower.rings(now)?;
        warn(settings, &rings);
        let metrics = Arc::new(Metrics::default());
        follower.report_ages(&metrics, now);
        let replica = Some(settings.replica.clone());
        let (audit, audit_writer) = Audit::new(replica, metrics, clock.clone(), entropy.clone());
        let denylist = Arc::new(Denylist::load(&store, settings.access_ttl, now)?);
        let claim_changes = ClaimChanges::load(&store, settings.access_ttl, now)?;
        let claim_changes = Arc::new(claim_changes);
        let known_service_keys = Arc::new(KnownServiceKeys::load(&store, now)?);
        let ports = |store| Ports {
            store,
            audit: Arc::new(audit),
            clock,
            entropy,
        };
        let deadline = Some(settings.database.options.statement_timeout);
        let ports = ports(AsyncStore::new(store.clone(), deadline));
        // Admitted besides the calls of clients, however many there are.
        let background_ports = Ports {
            store: AsyncStore::new(store.clone(), deadline),
            ..ports.clone()
        };
        let tokens = Tokens::new(rings, settings.access_rules());
        load_locked_out(&tokens.access, &store)?;
        let known = Known {
            denylist: denylist.clone(),
            claim_changes: claim_changes.clone(),
            service_keys: known_service_keys.clone(),
        };
        let mailing = mailing(settings, &ports, &master_key);
        let deliverer = deliverer(settings, &background_ports, &mailing);
        let services = Services::new(settings, &ports, &tokens, &known, &master_key, &mailing);
        let hasher = services.hasher();
        let listening = listen(&settings.http, services)?;
        let background = Background {
            key_ring: KeyRing::new(background_ports.clone(), master_key, settings.keys.rules),
            ports: background_ports,
            audit_writer,
            denylist,
            claim_changes,
            known_service_keys,
            hasher,
            deliverer,
            follower,
            tokens,
            retention: settings.audit_retention,
        };
        Ok(Self {
            server: listening.server,
            address: listening.address,
            metrics: listening.metrics,
            audit_written: start(background),
            created: Created {
                migrations,
                master_key: is_new,
            },
        })
    }
}

/// Loads the master key, or creates it with the first keys; returns whether it is new.
fn load_master_key(
    settings: &Settings,
    store: &Store,
    entropy: &dyn Entropy,
    now: UnixMillis,
) -> Result<(MasterKey, bool), StartError> {
    let has_keys = store.read(keys::exist)?;
    let (master_key, is_new) = settings.keys.master_key.load(has_keys, entropy)?;
    create_first_keys(store, &master_key, &settings.keys.rules, entropy, now)?;
    Ok((master_key, is_new))
}

fn warn(settings: &Settings, rings: &Rings) {
    let signing = rings.access.signing.algorithm();
    if let Some(next) = settings.keys.rules.algorithm
        && next != signing
    {
        log::warn!(
            "access tokens are signed with {signing}, the algorithm of the active key; \
             SYMBOLON_SIGNING_ALG={next} takes effect with the next key (`symbolon keys rotate`)"
        );
    }
    let trusted_issuers = &settings.http.trusted_issuers;
    if !trusted_issuers.is_empty() {
        let networks: Vec<_> = trusted_issuers.iter().map(ToString::to_string).collect();
        log::warn!(
            "every host in {} may issue tokens for any user without a service key \
             (SYMBOLON_TRUSTED_ISSUERS)",
            networks.join(", ")
        );
    }
}
