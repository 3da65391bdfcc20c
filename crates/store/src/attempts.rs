//! Attempts to sign in, limited across all replicas by the generic cell rate algorithm (GCRA).
//!
//! Each account that is guessed at has one row with its theoretical arrival time (TAT): the time at
//! which the next attempt would arrive if attempts came evenly spread. An attempt moves it on by one
//! step, and is refused if that would take it further ahead of now than the allowance reaches.

use std::fmt;
use std::time::Duration;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary};

use crate::connection::{AnyConnection, MultiBackend};
use crate::error::StoreError;
use crate::schema::sign_in_attempts as attempts;
use crate::time::UnixMillis;

/// The SHA-256 of what is guessed at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target(pub [u8; 32]);

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(…)")
    }
}

/// How many attempts are allowed in a burst, and how long it takes to regain all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Attempts in a burst, at least one.
    pub attempts: u32,
    /// The time to get from none to all of them.
    pub within: Duration,
}

impl Allowance {
    /// The time to regain one attempt.
    fn step(&self) -> Duration {
        self.within / self.attempts.max(1)
    }
}

/// Whether an attempt is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It is allowed, and was counted.
    Allowed,
    /// It is refused, and was not counted.
    Exhausted {
        /// How long to wait for the next one.
        wait: Duration,
    },
}

/// Counts an attempt if it is allowed. Concurrent attempts on any number of replicas never exceed the
/// allowance, as long as their clocks are less than `within` apart.
///
/// # Errors
///
/// [`StoreError`].
pub fn count(
    connection: &mut AnyConnection,
    target: Target,
    allowance: Allowance,
    now: UnixMillis,
) -> Result<Attempt, StoreError> {
    let step = allowance.step();
    let latest = (now + allowance.within - step).as_millis();
    let (at, step_millis) = (now.as_millis(), (now + step).since(now).as_millis());
    let step_millis = i64::try_from(step_millis).unwrap_or(i64::MAX);
    let row = attempts::table.find(target.0.as_slice());
    for _ in 0..2 {
        let count = Count {
            target: target.0.to_vec(),
            at,
            step: step_millis,
            latest,
        };
        if count.execute(connection)? == 1 {
            return Ok(Attempt::Allowed);
        }
        let known = row.select(attempts::tat).first::<i64>(connection);
        // Without a row, it was deleted between the two statements.
        if let Some(tat) = known.optional()? {
            // No attempt takes a row further ahead. A clock was ahead that was set back since: the row
            // is taken back too, so that the wait is bounded by the allowance, not by the clock's error.
            let furthest = (now + allowance.within).as_millis();
            if tat > furthest {
                diesel::update(row.filter(attempts::tat.gt(furthest)))
                    .set(attempts::tat.eq(furthest))
                    .execute(connection)?;
            }
            let next = UnixMillis::from_millis(tat.min(furthest).saturating_sub(latest - at));
            if next > now {
                return Ok(Attempt::Exhausted {
                    wait: next.since(now),
                });
            }
        }
    }
    Ok(Attempt::Exhausted { wait: step })
}

/// Counts an attempt, unless the target has reached `latest`. Diesel has no `ON CONFLICT` for both back ends,
/// and does not prepare SQL text.
#[derive(QueryId)]
struct Count {
    target: Vec<u8>,
    at: i64,
    step: i64,
    latest: i64,
}

impl QueryFragment<MultiBackend> for Count {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        out.push_sql("INSERT INTO sign_in_attempts (target, tat) VALUES (");
        out.push_bind_param::<Binary, _>(&self.target)?;
        out.push_sql(", ");
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(" + ");
        out.push_bind_param::<BigInt, _>(&self.step)?;
        out.push_sql(
            ") ON CONFLICT (target) DO UPDATE SET tat = CASE WHEN sign_in_attempts.tat > ",
        );
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(" THEN sign_in_attempts.tat ELSE ");
        out.push_bind_param::<BigInt, _>(&self.at)?;
        out.push_sql(" END + ");
        out.push_bind_param::<BigInt, _>(&self.step)?;
        out.push_sql(" WHERE sign_in_attempts.tat <= ");
        out.push_bind_param::<BigInt, _>(&self.latest)
    }
}

impl RunQueryDsl<AnyConnection> for Count {}

/// Restores the whole allowance: somebody knew the password.
///
/// # Errors
///
/// [`StoreError`].
pub fn forget(connection: &mut AnyConnection, target: Target) -> Result<(), StoreError> {
    diesel::delete(attempts::table.find(target.0.as_slice())).execute(connection)?;
    Ok(())
}

/// Deletes at most `limit` rows whose whole allowance was restored before `before`, and returns how
/// many.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_restored(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    let deleted = sql_query(
        "DELETE FROM sign_in_attempts WHERE target IN (SELECT target FROM sign_in_attempts \
         WHERE tat < $1 ORDER BY tat LIMIT $2)",
    )
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}
