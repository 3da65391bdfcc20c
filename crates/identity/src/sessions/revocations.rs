use std::sync::Arc;

use store::claim_changes::ClaimChange;
use store::events::{Event, EventKind};
use store::sessions::{Device, Revoked};

use super::{ClaimChanges, Denylist};
use crate::audit::Audit;
use crate::clock::Clock;

/// Publishes what was committed and makes access tokens invalid: revocations, to the denylist and the audit
/// trail, and changes of claims. Clones share them.
#[derive(Clone)]
pub struct Revocations {
    denylist: Arc<Denylist>,
    claim_changes: Arc<ClaimChanges>,
    audit: Arc<Audit>,
    clock: Arc<dyn Clock>,
}

impl Revocations {
    /// Publishes to these.
    pub fn new(
        denylist: Arc<Denylist>,
        claim_changes: Arc<ClaimChanges>,
        audit: Arc<Audit>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            denylist,
            claim_changes,
            audit,
            clock,
        }
    }

    /// The denylist.
    pub(super) fn denylist(&self) -> &Denylist {
        &self.denylist
    }

    /// The claims that changed lately.
    pub(super) fn claim_changes(&self) -> &ClaimChanges {
        &self.claim_changes
    }

    /// From now on this replica refuses access tokens with other claims; others do so within two seconds.
    pub fn publish_claims(&self, change: ClaimChange) {
        self.claim_changes.add(vec![change], self.clock.now());
    }

    /// Records one event, however many sessions there are. From now on this replica refuses their
    /// access tokens; others do so within two seconds.
    pub fn publish(&self, revoked: &Revoked, device: Option<&Device>) {
        self.add(revoked);
        let Some(event) = self.event(revoked) else {
            return;
        };
        let event = event.user(&revoked.user_id);
        let event = event.reason(revoked.revocation.reason);
        let event = match &revoked.revocation.by {
            Some(actor) => event.actor(actor),
            None => event,
        };
        self.audit.record(match device {
            Some(device) => event.device(device),
            None => event,
        });
    }

    fn event(&self, revoked: &Revoked) -> Option<Event> {
        match revoked.sessions[..] {
            [] => None,
            [id] => Some(self.audit.event(EventKind::SessionRevoked).session(id)),
            [..] => {
                let count = format!("{} sessions", revoked.sessions.len());
                let event = self.audit.event(EventKind::SessionsRevoked);
                Some(event.subject(count))
            }
        }
    }

    /// Adds sessions to the denylist, for revocations that have an event of their own.
    pub(super) fn add(&self, revoked: &Revoked) {
        self.denylist.add_revoked(revoked, self.clock.now());
    }
}
