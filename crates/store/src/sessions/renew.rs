//! Renewing sessions: a conditional `UPDATE … RETURNING` decides each on its row.

mod statement;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{
    Actor, AnyConnection, Generation, NotLive, RenewalRules, RevokedReason, Row, Session,
    SessionId, StoreError, UnixMillis, UserId, find_many, live, sessions,
};
use crate::words::words;
use statement::update;

/// The outcome of presenting a refresh token; ARCHITECTURE "Sessions" has the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// It was current: there is a new one now.
    Rotated(Session),
    /// It is current and younger than the grace period: nothing changed, and its holder already has
    /// the current token.
    Debounced(Session),
    /// It is the previous one, within the grace period: nothing changed, its holder gets the current
    /// one.
    Replayed(Session),
    /// It is the previous one, after the grace period, for the first time in a while: its holder had
    /// lost an answer and gets the current one.
    Forgiven(Session),
    /// It is newer than the row: the database has lost acknowledged renewals. The row has caught up;
    /// the operator should know.
    Recovered(Session),
    /// It is outdated: theft. The session was revoked.
    Reused(Session),
    /// There is no live session of this id.
    NotLive(NotLive),
    /// It is of another user than the client named. Nothing changed.
    OtherUser,
}

/// What reading a session, without renewing it, says about a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peek {
    /// It is current, or the previous one within the grace period.
    Valid(Session),
    /// Only [`renew`] can decide.
    Undecided,
    /// There is no live session of this id.
    NotLive(NotLive),
}

/// Decides from the session alone whether a refresh token is still accepted, where that is possible.
pub fn peek(
    found: Option<Session>,
    presented: Generation,
    now: UnixMillis,
    rules: &RenewalRules,
) -> Peek {
    let session = match live(found, now) {
        Ok(session) => session,
        Err(why) => return Peek::NotLive(why),
    };
    let current = session.generation == presented;
    let previous = Some(session.generation) == next(presented);
    if current || (previous && rotated_recently(&session, now, rules)) {
        Peek::Valid(session)
    } else {
        Peek::Undecided
    }
}

/// A refresh token, as a client presents it for the renewal of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its generation.
    pub generation: Generation,
    /// The user to whom the session must belong, if the client named one.
    pub user_id: Option<UserId>,
}

impl Presented {
    fn owner(&self) -> Option<String> {
        let user_id = self.user_id.as_ref()?;
        Some(user_id.as_str().to_owned())
    }
}

/// How often a renewal is decided anew because its row changed meanwhile.
const ATTEMPTS: usize = 3;

/// Renews each of these sessions by the refresh token that was presented for it, and has an outcome for each.
/// On PostgreSQL they share a statement, and so a round trip and a commit. A row that cannot be read does
/// not affect the others.
///
/// For the outcomes that change nothing, no row matches and nothing is written; a `SELECT` then finds
/// out which one it is. If the row changes between the two, the renewal is decided anew.
///
/// # Errors
///
/// [`StoreError`] if a statement fails: nothing was changed by it.
pub fn renew(
    connection: &mut AnyConnection,
    presented: &BTreeMap<SessionId, Presented>,
    now: UnixMillis,
    rules: &RenewalRules,
) -> Result<BTreeMap<SessionId, Result<Renewal, StoreError>>, StoreError> {
    let mut renewals = BTreeMap::new();
    let mut undecided = Cow::Borrowed(presented);
    for _ in 0..ATTEMPTS {
        for row in update(connection, &undecided, now, rules)? {
            let id = SessionId::parse(&row.id).ok_or(StoreError::Unreadable("session"))?;
            renewals.insert(id, changed(row));
        }
        if renewals.len() == presented.len() {
            return Ok(renewals);
        }
        undecided
            .to_mut()
            .retain(|id, _| !renewals.contains_key(id));
        let ids: Vec<_> = undecided.keys().copied().collect();
        let found = find_many(connection, &ids)?;
        for ((id, presented), found) in undecided.iter().zip(found) {
            let renewal = found.map(|session| unchanged(session, presented, now, rules));
            renewals.extend(renewal.transpose().map(|renewal| (*id, renewal)));
        }
        if renewals.len() == presented.len() {
            return Ok(renewals);
        }
        undecided
            .to_mut()
            .retain(|id, _| !renewals.contains_key(id));
    }
    let overtaken = |id: &SessionId| {
        let why = "too many concurrent renewals of one session";
        (*id, Err(StoreError::Unavailable(why.into())))
    };
    renewals.extend(undecided.keys().map(overtaken));
    Ok(renewals)
}

/// The outcome for a session that the statement did not change; `None` if it would do so now.
fn unchanged(
    found: Option<Session>,
    presented: &Presented,
    now: UnixMillis,
    rules: &RenewalRules,
) -> Option<Renewal> {
    let of_another = |session: &Session| {
        let user_id = presented.user_id.as_ref();
        user_id.is_some_and(|user_id| *user_id != session.user_id)
    };
    if found.as_ref().is_some_and(of_another) {
        return Some(Renewal::OtherUser);
    }
    let session = match live(found, now) {
        Ok(session) => session,
        Err(why) => return Some(Renewal::NotLive(why)),
    };
    if !rotated_recently(&session, now, rules) {
        None
    } else if session.generation == presented.generation {
        Some(Renewal::Debounced(session))
    } else if Some(session.generation) == next(presented.generation) {
        Some(Renewal::Replayed(session))
    } else {
        None
    }
}

words! {
    /// What the statement decided, as it reports it in `last_outcome`.
    enum Decision {
        /// The refresh token was rotated.
        Rotated = "rotated",
        /// A late replay was accepted.
        Forgiven = "forgiven",
        /// The row caught up with a newer refresh token.
        Recovered = "recovered",
        /// The session was revoked for reuse.
        Reused = "reused",
    }
}

fn changed(row: Row) -> Result<Renewal, StoreError> {
    let decision = row.last_outcome.as_deref().and_then(Decision::parse);
    let renewal = match decision.ok_or(StoreError::Unreadable("session"))? {
        Decision::Rotated => Renewal::Rotated,
        Decision::Forgiven => Renewal::Forgiven,
        Decision::Recovered => Renewal::Recovered,
        Decision::Reused => Renewal::Reused,
    };
    row.into_session().map(renewal)
}

fn rotated_recently(session: &Session, now: UnixMillis, rules: &RenewalRules) -> bool {
    session
        .rotated_at
        .is_some_and(|rotated_at| rotated_at > grace_began(now, rules))
}

/// A rotation after this moment is recent. Without a grace period none is, not even one that comes
/// after `now`: the statement may have waited for the row, and replicas' clocks differ.
fn grace_began(now: UnixMillis, rules: &RenewalRules) -> UnixMillis {
    match rules.grace.is_zero() {
        true => UnixMillis::MAX,
        false => now - rules.grace,
    }
}

fn next(generation: Generation) -> Option<Generation> {
    generation.get().checked_add(1).and_then(Generation::new)
}
