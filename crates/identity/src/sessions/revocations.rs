use std::sync::Arc;

use store::events::EventKind;
use store::sessions::{Device, Revocation, SessionId};
use store::users::UserId;

use super::Denylist;
use crate::audit::Audit;

/// Publishes revocations that were committed: to the denylist and the audit trail. Clones share them.
#[derive(Clone)]
pub struct Revocations {
    denylist: Arc<Denylist>,
    audit: Arc<Audit>,
}

impl Revocations {
    /// Publishes to this denylist and audit trail.
    pub fn new(denylist: Arc<Denylist>, audit: Arc<Audit>) -> Self {
        Self { denylist, audit }
    }

    /// The denylist.
    pub(super) fn denylist(&self) -> &Denylist {
        &self.denylist
    }

    /// Records an event for each session. From now on this replica refuses their access tokens;
    /// others do so within two seconds.
    pub fn publish(
        &self,
        user_id: &UserId,
        sessions: Vec<SessionId>,
        revocation: &Revocation,
        device: Option<&Device>,
    ) {
        let event = |id: &SessionId| {
            let event = self.audit.event(EventKind::SessionRevoked);
            let event = event.user(user_id).session(*id).reason(revocation.reason);
            let event = match &revocation.by {
                Some(actor) => event.actor(actor),
                None => event,
            };
            match device {
                Some(device) => event.device(device),
                None => event,
            }
        };
        let events = sessions.iter().map(event).collect();
        self.add(sessions, revocation);
        self.audit.record_all(events);
    }

    /// Adds sessions to the denylist, for revocations that have an event of their own.
    pub(super) fn add(&self, sessions: Vec<SessionId>, revocation: &Revocation) {
        self.denylist
            .add_revoked(sessions, revocation.reason, revocation.at);
    }
}
