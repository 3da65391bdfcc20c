//! The tasks that run besides the requests.

use std::sync::Arc;
use std::time::Duration;

use actix_rt::task::JoinHandle;
use identity::Ports;
use identity::audit::AuditWriter;
use identity::cleaning::clean;
use identity::credentials::PasswordHasher;
use identity::keys::{KeyFollower, KeyRing};
use identity::mail::Deliverer;
use identity::service_keys::KnownServiceKeys;
use identity::sessions::{ClaimChanges, Denylist};
use identity::tokens::{Tokens, follow_locked_out};

/// What the tasks work on.
pub(super) struct Background {
    pub(super) ports: Ports,
    pub(super) audit_writer: AuditWriter,
    pub(super) denylist: Arc<Denylist>,
    pub(super) claim_changes: Arc<ClaimChanges>,
    pub(super) known_service_keys: Arc<KnownServiceKeys>,
    pub(super) hasher: Arc<PasswordHasher>,
    pub(super) deliverer: Deliverer,
    pub(super) follower: KeyFollower,
    pub(super) key_ring: KeyRing,
    pub(super) tokens: Tokens,
    pub(super) retention: Option<Duration>,
}

/// Starts the tasks, and returns the one that writes the audit trail until that is dropped.
pub(super) fn start(background: Background) -> JoinHandle<()> {
    let Background {
        ports,
        audit_writer,
        denylist,
        claim_changes,
        known_service_keys,
        hasher,
        deliverer,
        follower,
        key_ring,
        tokens,
        retention,
    } = background;
    let (store, clock) = (ports.store, ports.clock);
    actix_rt::spawn(denylist.follow(store.clone(), clock.clone()));
    actix_rt::spawn(claim_changes.follow(store.clone(), clock.clone()));
    actix_rt::spawn(known_service_keys.follow(store.clone(), clock.clone()));
    actix_rt::spawn(hasher.follow_hashes(store.clone()));
    actix_rt::spawn(deliverer.deliver());
    actix_rt::spawn(clean(store.clone(), retention, clock));
    actix_rt::spawn(follow_locked_out(tokens.access.clone(), store.clone()));
    // The key ring must not keep the audit trail alive when the server has stopped.
    let key_ring = key_ring.downgrade();
    let pass_on = move |rings| tokens.use_rings(rings);
    actix_rt::spawn(follower.follow(key_ring, pass_on));
    actix_rt::spawn(audit_writer.write(store))
}
