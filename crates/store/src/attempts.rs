//! Attempts to sign in, limited across all replicas by the generic cell rate algorithm (GCRA).
//!
//! Each account that is guessed at has one row with its theoretical arrival time (TAT): the time at
//! which the next attempt would arrive if attempts came evenly spread. An attempt moves it on by one
//! step, and is refused if that would take it further ahead of now than the allowance reaches.

use std::fmt;
use std::time::Duration;

use diesel::dsl::case_when;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;

use crate::connection::AnyConnection;
use crate::error::{StoreError, violated_constraint};
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
        let counted = diesel::update(row.filter(attempts::tat.le(latest)))
            .set(
                attempts::tat.eq(case_when(attempts::tat.gt(at), attempts::tat + step_millis)
                    .otherwise(at + step_millis)),
            )
            .execute(connection)?;
        if counted == 1 {
            return Ok(Attempt::Allowed);
        }
        let known = row.select(attempts::tat).first::<i64>(connection);
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
            // The row changed between the two statements.
            continue;
        }
        let first = diesel::insert_into(attempts::table).values((
            attempts::target.eq(target.0.as_slice()),
            attempts::tat.eq(at + step_millis),
        ));
        match first.execute(connection) {
            Ok(_) => return Ok(Attempt::Allowed),
            Err(error) if violated_constraint(&error).is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Attempt::Exhausted { wait: step })
}

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
