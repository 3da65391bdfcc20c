//! Attempts to sign in, for a limit that all replicas share: a generic cell rate algorithm, one
//! row for each account that is guessed at.

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

/// How many attempts are allowed at once, and in which time they are allowed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Attempts at once, at least one.
    pub attempts: u32,
    /// From none to all.
    pub within: Duration,
}

impl Allowance {
    /// What one attempt takes from it.
    fn step(&self) -> Duration {
        self.within / self.attempts.max(1)
    }
}

/// Whether an attempt is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It is, and was counted.
    Allowed,
    /// It is not, before this much time has gone.
    Exhausted {
        /// How long to wait.
        wait: Duration,
    },
}

/// Counts an attempt, if it is allowed. Of several at once on many replicas, no more than the
/// allowance are.
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
        let counted = diesel::update(row.filter(attempts::whole_at.le(latest)))
            .set(
                attempts::whole_at.eq(case_when(
                    attempts::whole_at.gt(at),
                    attempts::whole_at + step_millis,
                )
                .otherwise(at + step_millis)),
            )
            .execute(connection)?;
        if counted == 1 {
            return Ok(Attempt::Allowed);
        }
        let known = row.select(attempts::whole_at).first::<i64>(connection);
        if let Some(whole_at) = known.optional()? {
            let next = UnixMillis::from_millis(whole_at.saturating_sub(latest - at));
            if next > now {
                return Ok(Attempt::Exhausted {
                    wait: next.since(now),
                });
            }
            // Somebody was between the two statements.
            continue;
        }
        let first = diesel::insert_into(attempts::table).values((
            attempts::target.eq(target.0.as_slice()),
            attempts::whole_at.eq(at + step_millis),
        ));
        match first.execute(connection) {
            Ok(_) => return Ok(Attempt::Allowed),
            Err(error) if violated_constraint(&error).is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Attempt::Exhausted { wait: step })
}

/// Allows all attempts again: somebody knew the password.
///
/// # Errors
///
/// [`StoreError`].
pub fn forget(connection: &mut AnyConnection, target: Target) -> Result<(), StoreError> {
    diesel::delete(attempts::table.find(target.0.as_slice())).execute(connection)?;
    Ok(())
}

/// Deletes what allows everything again since before `before`, at most `limit`, and returns how many
/// there were.
///
/// # Errors
///
/// [`StoreError`].
pub fn delete_whole(
    connection: &mut AnyConnection,
    before: UnixMillis,
    limit: u16,
) -> Result<usize, StoreError> {
    let deleted = sql_query(
        "DELETE FROM sign_in_attempts WHERE target IN (SELECT target FROM sign_in_attempts \
         WHERE whole_at < $1 ORDER BY whole_at LIMIT $2)",
    )
    .bind::<BigInt, _>(before.as_millis())
    .bind::<BigInt, _>(i64::from(limit))
    .execute(connection)?;
    Ok(deleted)
}
