use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::select;
use diesel::sql_types::Bool;

use crate::connection::{Access, AnyConnection};
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::options::StoreOptions;

pub(crate) struct Pool(r2d2::Pool<Manager>);

impl Pool {
    pub(crate) fn open(
        url: DatabaseUrl,
        access: Access,
        options: StoreOptions,
    ) -> Result<Self, StoreError> {
        r2d2::Pool::builder()
            .max_size(options.connections)
            .min_idle(Some(1))
            // A check per use would double the cost of a renewal. A connection that failed is discarded
            // instead.
            .test_on_check_out(false)
            .connection_timeout(options.wait)
            .error_handler(Box::new(Log))
            .build(Manager {
                url,
                access,
                options,
            })
            .map(Self)
            .map_err(unavailable)
    }

    /// The idle connections and the busy ones.
    pub(crate) fn connections(&self) -> (usize, usize) {
        let state = self.0.state();
        let whole = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let idle = whole(state.idle_connections);
        (idle, whole(state.connections).saturating_sub(idle))
    }

    /// Runs `f`, and again after a deadlock or a conflict with concurrent changes.
    pub(crate) fn run<T>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut pooled = self.0.get().map_err(unavailable)?;
        // Until it is known to work: a panic leaves a transaction open, and an error may mean that the
        // connection was lost.
        pooled.failed = true;
        let result = uncontended(|| f(&mut pooled.connection));
        pooled.failed = result.is_err();
        result
    }
}

/// How often something is tried that concurrent changes are in the way of: for about half a second.
const ATTEMPTS: u32 = 16;

fn uncontended<T>(mut f: impl FnMut() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        match f() {
            Err(StoreError::Contended(why)) if attempt == ATTEMPTS => {
                return Err(StoreError::Unavailable(why));
            }
            Err(StoreError::Contended(_)) => thread::sleep(pause(attempt)),
            outcome => return outcome,
        }
    }
}

/// Until the next attempt: a random time, so that those who were in each other's way do not meet again, and
/// longer each time, up to 64 milliseconds.
fn pause(attempt: u32) -> Duration {
    let micros = 1000 << attempt.min(6);
    Duration::from_micros(RandomState::new().hash_one(attempt) % micros)
}

fn unavailable(error: r2d2::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

struct Manager {
    url: DatabaseUrl,
    access: Access,
    options: StoreOptions,
}

struct Pooled {
    connection: AnyConnection,
    /// Discards the connection; the next caller gets another one.
    failed: bool,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = StoreError;

    fn connect(&self) -> Result<Pooled, StoreError> {
        Ok(Pooled {
            connection: AnyConnection::open(&self.url, self.access, &self.options)?,
            failed: false,
        })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), StoreError> {
        select(true.into_sql::<Bool>()).execute(&mut pooled.connection)?;
        Ok(())
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.failed
    }
}

#[derive(Debug)]
struct Log;

impl r2d2::HandleError<StoreError> for Log {
    fn handle_error(&self, error: StoreError) {
        log::warn!("{error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls something that concurrent changes are in the way of so many times.
    fn call(contended: u32) -> (Result<u32, StoreError>, u32) {
        let mut calls = 0;
        let outcome = uncontended(|| {
            calls += 1;
            match calls > contended {
                true => Ok(calls),
                false => Err(StoreError::Contended("on purpose".into())),
            }
        });
        (outcome, calls)
    }

    #[test]
    fn what_is_contended_is_tried_again_a_bounded_number_of_times() {
        assert!(matches!(call(0), (Ok(1), 1)));
        assert!(matches!(call(3), (Ok(4), 4)));
        let (outcome, calls) = call(u32::MAX);
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
        assert_eq!(calls, ATTEMPTS);
    }

    #[test]
    fn other_failures_are_not_tried_again() {
        let mut calls = 0;
        let outcome: Result<(), _> = uncontended(|| {
            calls += 1;
            Err(StoreError::Unavailable("on purpose".into()))
        });
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
        assert_eq!(calls, 1);
    }
}
