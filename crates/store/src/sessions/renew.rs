//! Renewing a session: one conditional `UPDATE … RETURNING` on its row.

use diesel::prelude::*;
use diesel::query_builder::{AsQuery, AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Text};

use super::{
    Actor, AnyConnection, Generation, NotLive, RenewalRules, RevokedReason, Row, Session,
    SessionId, StoreError, UnixMillis, find_live, live, sessions,
};
use crate::connection::MultiBackend;
use crate::words::words;

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

/// Renews a session by the refresh token of generation `presented`.
///
/// For the outcomes that change nothing, no row matches and nothing is written; a `SELECT` then finds
/// out which one it is. If the row changes between the two, the renewal is retried.
///
/// # Errors
///
/// [`StoreError`].
pub fn renew(
    connection: &mut AnyConnection,
    id: SessionId,
    presented: Generation,
    now: UnixMillis,
    rules: &RenewalRules,
) -> Result<Renewal, StoreError> {
    for _ in 0..3 {
        if let Some(row) = update(connection, id, presented, now, rules)? {
            return changed(row);
        }
        let session = match find_live(connection, id, now)? {
            Ok(session) => session,
            Err(why) => return Ok(Renewal::NotLive(why)),
        };
        if rotated_recently(&session, now, rules) {
            if session.generation == presented {
                return Ok(Renewal::Debounced(session));
            }
            if Some(session.generation) == next(presented) {
                return Ok(Renewal::Replayed(session));
            }
        }
    }
    Err(StoreError::Unavailable(
        "too many concurrent renewals of one session".into(),
    ))
}

/// Rotates, forgives, recovers or revokes, by the table in ARCHITECTURE "Sessions", and reports which
/// in `last_outcome`. No row: nothing has to change, or the session is not live.
fn update(
    connection: &mut AnyConnection,
    id: SessionId,
    presented: Generation,
    now: UnixMillis,
    rules: &RenewalRules,
) -> QueryResult<Option<Row>> {
    Statement {
        id: id.to_string(),
        presented: presented.get().into(),
        now: now.as_millis(),
        idle_end: (now + rules.idle_ttl).as_millis(),
        grace_began: grace_began(now, rules).as_millis(),
        forgives: !rules.late_replay_every.is_zero(),
        forgiving_began: (now - rules.late_replay_every).as_millis(),
    }
    .get_result::<Row>(connection)
    .optional()
}

/// The same text for both back ends, with a parameter or a word for each `{name}`. The expressions
/// after `SET` and `WHERE` see the row as it was before. SQL by hand, because Diesel caches a
/// prepared statement for a type like this one but never for its own `update`.
const SQL: &str = "
UPDATE sessions SET
    generation = CASE
        WHEN generation <= {presented} THEN {presented} + 1
        ELSE generation END,
    rotated_at = CASE
        WHEN generation <= {presented} THEN {now}
        ELSE rotated_at END,
    idle_expires_at = CASE
        WHEN generation > {presented} THEN idle_expires_at
        WHEN expires_at < {idle_end} THEN expires_at
        ELSE {idle_end} END,
    forgiven_at = CASE
        WHEN {is_forgiven} THEN {now}
        ELSE forgiven_at END,
    revoked_at = CASE
        WHEN generation <= {presented} THEN NULL
        WHEN {is_forgiven} THEN NULL
        ELSE {now} END,
    revoked_reason = CASE
        WHEN generation <= {presented} THEN NULL
        WHEN {is_forgiven} THEN NULL
        ELSE {reuse} END,
    revoked_by = CASE
        WHEN generation <= {presented} THEN NULL
        WHEN {is_forgiven} THEN NULL
        ELSE {system} END,
    last_outcome = CASE
        WHEN generation < {presented} THEN {recovered}
        WHEN generation = {presented} THEN {rotated}
        WHEN {is_forgiven} THEN {forgiven}
        ELSE {reused} END
WHERE id = {id}
    AND revoked_at IS NULL
    AND idle_expires_at > {now}
    AND (generation < {presented} OR generation > {presented} + 1
        OR rotated_at IS NULL OR rotated_at <= {grace_began})
RETURNING id, user_id, generation, created_at, rotated_at, idle_expires_at, expires_at,
    forgiven_at, revoked_at, revoked_reason, last_outcome, auth_time, amr, claims, ip,
    user_agent, label, revoked_by, client_id";

/// Whether a late replay is accepted.
const IS_FORGIVEN: &str = "generation = {presented} + 1 AND {forgives}
            AND (forgiven_at IS NULL OR forgiven_at <= {forgiving_began})";

#[derive(QueryId)]
struct Statement {
    id: String,
    presented: i64,
    now: i64,
    idle_end: i64,
    grace_began: i64,
    forgives: bool,
    forgiving_began: i64,
}

impl QueryFragment<MultiBackend> for Statement {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.write(SQL, out)
    }
}

impl Statement {
    fn write<'b>(
        &'b self,
        template: &str,
        mut out: AstPass<'_, 'b, MultiBackend>,
    ) -> QueryResult<()> {
        let mut rest = template;
        while let Some((sql, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            out.push_sql(sql);
            match name {
                "id" => out.push_bind_param::<Text, _>(&self.id)?,
                "presented" => out.push_bind_param::<BigInt, _>(&self.presented)?,
                "now" => out.push_bind_param::<BigInt, _>(&self.now)?,
                "idle_end" => out.push_bind_param::<BigInt, _>(&self.idle_end)?,
                "grace_began" => out.push_bind_param::<BigInt, _>(&self.grace_began)?,
                "forgives" => out.push_bind_param::<Bool, _>(&self.forgives)?,
                "forgiving_began" => out.push_bind_param::<BigInt, _>(&self.forgiving_began)?,
                "is_forgiven" => self.write(IS_FORGIVEN, out.reborrow())?,
                "system" => push_word(&Actor::System.to_string(), &mut out),
                "reuse" => push_word(RevokedReason::Reuse.as_str(), &mut out),
                word if Decision::parse(word).is_some() => push_word(word, &mut out),
                _ => return Err(diesel::result::Error::QueryBuilderError(name.into())),
            }
            rest = after;
        }
        out.push_sql(rest);
        Ok(())
    }
}

impl Query for Statement {
    type SqlType = <sessions::table as AsQuery>::SqlType;
}

impl RunQueryDsl<AnyConnection> for Statement {}

/// A literal. Every word is ours: letters and underscores.
fn push_word(word: &str, out: &mut AstPass<'_, '_, MultiBackend>) {
    out.push_sql("'");
    out.push_sql(word);
    out.push_sql("'");
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
