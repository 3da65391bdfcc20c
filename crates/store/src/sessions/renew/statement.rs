//! The statement that renews: conditional, and one for many sessions on PostgreSQL, so that they share
//! a round trip and a commit. SQL by hand, because Diesel caches a prepared statement for types like
//! these but never for its own `update`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use diesel::backend::Backend;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AsQuery, AstPass, Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Bool, HasSqlType, Nullable, Text};

use super::{
    Actor, AnyConnection, Decision, Presented, RenewalRules, RevokedReason, Row, SessionId,
    UnixMillis, grace_began, sessions,
};
use crate::connection::MultiBackend;
use crate::words::words;

/// Rotates, forgives, recovers or revokes, by the table in ARCHITECTURE "Sessions", and reports which
/// in `last_outcome`. A session without a row in the result has nothing to change, or is not live, or
/// is another user's.
pub(super) fn update(
    connection: &mut AnyConnection,
    presented: &BTreeMap<SessionId, Presented>,
    now: UnixMillis,
    rules: &RenewalRules,
) -> QueryResult<Vec<Row>> {
    let moment = Moment::new(now, rules);
    if let AnyConnection::Postgres(postgres) = connection
        && presented.len() > 1
    {
        return Many::new(presented, moment).load(postgres);
    }
    let mut rows = Vec::new();
    for (id, presented) in presented {
        let one = One::new(*id, presented, moment);
        rows.extend(one.get_result::<Row>(connection).optional()?);
    }
    Ok(rows)
}

/// One session: on SQLite always, on PostgreSQL where it is alone, because to lock its row first would cost a
/// tenth of the time.
const ONE_SQL: &str = "
UPDATE sessions SET {changes}
WHERE id = {session_id} AND {must_change}
RETURNING {columns}";

/// Many sessions, for PostgreSQL. Their rows are locked in the order of their ids, as all statements do that
/// lock several, so that two of them cannot deadlock. Those that have nothing to change are not locked.
const MANY_SQL: &str = "
WITH presented AS (
    SELECT * FROM unnest({session_ids}, {generations}, {owners})
        AS presented (session_id, presented, owner)),
locked AS (
    SELECT session_id, presented FROM presented JOIN sessions ON id = session_id
    WHERE {must_change}
    ORDER BY id FOR NO KEY UPDATE OF sessions)
UPDATE sessions SET {changes}
FROM locked WHERE id = session_id
RETURNING {columns}";

const MUST_CHANGE: &str = "
    ({owner} IS NULL OR user_id = {owner})
    AND revoked_at IS NULL
    AND idle_expires_at > {now}
    AND (generation < {presented} OR generation > {presented} + 1
        OR rotated_at IS NULL OR rotated_at <= {grace_began})";

/// The expressions see the row as it was before.
const CHANGES: &str = "
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
        ELSE {reused} END";

/// Whether a late replay is accepted.
const IS_FORGIVEN: &str = "generation = {presented} + 1 AND {forgives}
            AND (forgiven_at IS NULL OR forgiven_at <= {forgiving_began})";

const COLUMNS: &str =
    "id, user_id, generation, created_at, rotated_at, idle_expires_at, expires_at,
    forgiven_at, revoked_at, revoked_reason, last_outcome, auth_time, amr, claims, ip,
    user_agent, label, revoked_by, client_id";

/// The parameters that all sessions share.
#[derive(Clone, Copy)]
struct Moment {
    now: i64,
    idle_end: i64,
    grace_began: i64,
    forgives: bool,
    forgiving_began: i64,
}

impl Moment {
    fn new(now: UnixMillis, rules: &RenewalRules) -> Self {
        Self {
            now: now.as_millis(),
            idle_end: (now + rules.idle_ttl).as_millis(),
            grace_began: grace_began(now, rules).as_millis(),
            forgives: !rules.late_replay_every.is_zero(),
            forgiving_began: (now - rules.late_replay_every).as_millis(),
        }
    }

    fn bind<'b, DB>(&'b self, parameter: Parameter, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()>
    where
        DB: Backend + HasSqlType<BigInt> + HasSqlType<Bool>,
        i64: ToSql<BigInt, DB>,
        bool: ToSql<Bool, DB>,
    {
        match parameter {
            Parameter::Now => out.push_bind_param::<BigInt, _>(&self.now),
            Parameter::IdleEnd => out.push_bind_param::<BigInt, _>(&self.idle_end),
            Parameter::GraceBegan => out.push_bind_param::<BigInt, _>(&self.grace_began),
            Parameter::Forgives => out.push_bind_param::<Bool, _>(&self.forgives),
            Parameter::ForgivingBegan => out.push_bind_param::<BigInt, _>(&self.forgiving_began),
            other => Err(Error::QueryBuilderError(other.as_str().into())),
        }
    }
}

#[derive(QueryId)]
struct One {
    id: String,
    presented: i64,
    owner: Option<String>,
    moment: Moment,
}

impl One {
    fn new(id: SessionId, presented: &Presented, moment: Moment) -> Self {
        Self {
            id: id.to_string(),
            presented: presented.generation.get().into(),
            owner: presented.owner(),
            moment,
        }
    }
}

impl QueryFragment<MultiBackend> for One {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        ONE.write(out, |parameter, mut out| match parameter {
            Parameter::SessionId => out.push_bind_param::<Text, _>(&self.id),
            Parameter::Presented => out.push_bind_param::<BigInt, _>(&self.presented),
            Parameter::Owner => out.push_bind_param::<Nullable<Text>, _>(&self.owner),
            other => self.moment.bind(other, out),
        })
    }
}

impl Query for One {
    type SqlType = <sessions::table as AsQuery>::SqlType;
}

impl RunQueryDsl<AnyConnection> for One {}

#[derive(QueryId)]
struct Many {
    ids: Vec<String>,
    presented: Vec<i64>,
    owners: Vec<Option<String>>,
    moment: Moment,
}

impl Many {
    fn new(presented: &BTreeMap<SessionId, Presented>, moment: Moment) -> Self {
        let each = presented.values();
        Self {
            ids: presented.keys().map(SessionId::to_string).collect(),
            presented: each.clone().map(|p| p.generation.get().into()).collect(),
            owners: each.map(Presented::owner).collect(),
            moment,
        }
    }
}

impl QueryFragment<Pg> for Many {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        MANY.write(out, |parameter, mut out| {
            match parameter {
                Parameter::SessionIds => out.push_bind_param::<Array<Text>, _>(&self.ids)?,
                Parameter::Generations => {
                    out.push_bind_param::<Array<BigInt>, _>(&self.presented)?;
                }
                Parameter::Owners => {
                    out.push_bind_param::<Array<Nullable<Text>>, _>(&self.owners)?;
                }
                // Columns of the arrays.
                Parameter::Presented | Parameter::Owner => out.push_sql(parameter.as_str()),
                other => self.moment.bind(other, out)?,
            }
            Ok(())
        })
    }
}

impl Query for Many {
    type SqlType = <sessions::table as AsQuery>::SqlType;
}

impl RunQueryDsl<PgConnection> for Many {}

static ONE: LazyLock<Template> = LazyLock::new(|| Template::new(ONE_SQL));
static MANY: LazyLock<Template> = LazyLock::new(|| Template::new(MANY_SQL));

words! {
    /// What differs from call to call.
    enum Parameter {
        /// The session.
        SessionId = "session_id",
        /// The sessions.
        SessionIds = "session_ids",
        /// The generation that was presented.
        Presented = "presented",
        /// The generations that were presented.
        Generations = "generations",
        /// The user to whom the session must belong.
        Owner = "owner",
        /// The users to whom the sessions must belong.
        Owners = "owners",
        /// The time.
        Now = "now",
        /// When a session that is renewed now becomes idle.
        IdleEnd = "idle_end",
        /// A rotation before this time is not recent.
        GraceBegan = "grace_began",
        /// Whether late replays are forgiven.
        Forgives = "forgives",
        /// Another late replay after this time is not forgiven.
        ForgivingBegan = "forgiving_began",
    }
}

/// SQL in which each `{name}` was replaced, once and for all, by the text or the word of that name, or is a
/// parameter: Diesel walks through a statement several times for each call.
struct Template(Vec<Part>);

enum Part {
    Sql(String),
    Parameter(Parameter),
}

impl Template {
    fn new(sql: &str) -> Self {
        let mut template = Self(Vec::new());
        template.read(sql);
        template
    }

    fn read(&mut self, sql: &str) {
        let mut rest = sql;
        while let Some((sql, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            self.push(sql);
            match name {
                "must_change" => self.read(MUST_CHANGE),
                "changes" => self.read(CHANGES),
                "is_forgiven" => self.read(IS_FORGIVEN),
                "columns" => self.push(COLUMNS),
                "system" => self.push_word(&Actor::System.to_string()),
                "reuse" => self.push_word(RevokedReason::Reuse.as_str()),
                word if Decision::parse(word).is_some() => self.push_word(word),
                name => match Parameter::parse(name) {
                    Some(parameter) => self.0.push(Part::Parameter(parameter)),
                    // No database accepts it.
                    None => self.push("{}"),
                },
            }
            rest = after;
        }
        self.push(rest);
    }

    fn push(&mut self, sql: &str) {
        match self.0.last_mut() {
            Some(Part::Sql(before)) => before.push_str(sql),
            _ => self.0.push(Part::Sql(sql.to_owned())),
        }
    }

    /// A literal. Every word is ours: letters and underscores.
    fn push_word(&mut self, word: &str) {
        self.push(&format!("'{word}'"));
    }

    fn write<'b, DB: Backend>(
        &'static self,
        mut out: AstPass<'_, 'b, DB>,
        bind: impl Fn(Parameter, AstPass<'_, 'b, DB>) -> QueryResult<()>,
    ) -> QueryResult<()> {
        for part in &self.0 {
            match part {
                Part::Sql(sql) => out.push_sql(sql),
                Part::Parameter(parameter) => bind(*parameter, out.reborrow())?,
            }
        }
        Ok(())
    }
}
