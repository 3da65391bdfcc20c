//! A session as ARCHITECTURE "Sessions" describes it, without a database: the table, row by row.

use store::UnixMillis;
use store::sessions::{NotLive, RenewalRules, RevokedReason, Session};

/// The outcome of a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Rotated,
    Debounced,
    Replayed,
    Forgiven,
    Recovered,
    Reused,
    NotLive(NotLive),
}

/// The outcome of a peek.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Valid,
    Undecided,
    NotLive(NotLive),
}

/// What can change about a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) generation: u32,
    rotated_at: Option<UnixMillis>,
    idle_expires_at: UnixMillis,
    expires_at: UnixMillis,
    forgiven_at: Option<UnixMillis>,
    revoked: Option<(UnixMillis, RevokedReason)>,
}

impl From<&Session> for Model {
    fn from(session: &Session) -> Self {
        Self {
            generation: session.generation.get(),
            rotated_at: session.rotated_at,
            idle_expires_at: session.idle_expires_at,
            expires_at: session.expires_at,
            forgiven_at: session.forgiven_at,
            revoked: session.revoked.as_ref().map(|r| (r.at, r.reason)),
        }
    }
}

impl Model {
    pub(crate) fn renew(
        &mut self,
        presented: u32,
        now: UnixMillis,
        rules: &RenewalRules,
    ) -> Outcome {
        if let Some(why) = self.not_live(now) {
            return Outcome::NotLive(why);
        }
        let recently = self.rotated_recently(now, rules);
        if presented > self.generation {
            self.rotate(presented + 1, now, rules);
            Outcome::Recovered
        } else if presented == self.generation && recently {
            Outcome::Debounced
        } else if presented == self.generation {
            self.rotate(presented + 1, now, rules);
            Outcome::Rotated
        } else if presented + 1 == self.generation && recently {
            Outcome::Replayed
        } else if presented + 1 == self.generation && self.may_be_forgiven(now, rules) {
            self.forgiven_at = Some(now);
            Outcome::Forgiven
        } else {
            self.revoke(RevokedReason::Reuse, now);
            Outcome::Reused
        }
    }

    pub(crate) fn look(&self, presented: u32, now: UnixMillis, rules: &RenewalRules) -> Look {
        let behind = presented + 1 == self.generation && self.rotated_recently(now, rules);
        match self.not_live(now) {
            Some(why) => Look::NotLive(why),
            None if presented == self.generation || behind => Look::Valid,
            None => Look::Undecided,
        }
    }

    pub(crate) fn revoke(&mut self, reason: RevokedReason, now: UnixMillis) {
        self.revoked.get_or_insert((now, reason));
    }

    /// Neither revoked nor expired; idle or not.
    pub(crate) fn may_be_revoked(&self, now: UnixMillis) -> bool {
        self.revoked.is_none() && now < self.expires_at
    }

    fn not_live(&self, now: UnixMillis) -> Option<NotLive> {
        match self.revoked {
            Some((_, reason)) => Some(NotLive::Revoked(reason)),
            None if now >= self.expires_at => Some(NotLive::Expired),
            None if now >= self.idle_expires_at => Some(NotLive::IdleExpired),
            None => None,
        }
    }

    fn rotated_recently(&self, now: UnixMillis, rules: &RenewalRules) -> bool {
        self.rotated_at
            .is_some_and(|rotated_at| now.since(rotated_at) < rules.grace)
    }

    fn may_be_forgiven(&self, now: UnixMillis, rules: &RenewalRules) -> bool {
        let every = rules.late_replay_every;
        let long_ago = |forgiven_at| now.since(forgiven_at) >= every;
        !every.is_zero() && self.forgiven_at.is_none_or(long_ago)
    }

    fn rotate(&mut self, generation: u32, now: UnixMillis, rules: &RenewalRules) {
        self.generation = generation;
        self.rotated_at = Some(now);
        self.idle_expires_at = self.expires_at.min(now + rules.idle_ttl);
    }
}
