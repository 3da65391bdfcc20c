//! The one writer of a SQLite database: a thread that commits what is queued as one transaction,
//! and answers after the commit. A sync of the disk then serves many callers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use diesel::QueryResult;
use diesel::connection::SimpleConnection;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// Jobs in one transaction, at most.
const BATCH: usize = 64;

/// Jobs that may wait; who comes next waits for a place.
const QUEUE: usize = 1024;

pub(crate) struct Writer {
    jobs: SyncSender<Job>,
}

/// Does the work, and returns what tells the caller once it is committed. A job or an answer that
/// is dropped tells the caller that nothing was changed.
type Job = Box<dyn FnOnce(&mut AnyConnection) -> Answer + Send>;
type Answer = Box<dyn FnOnce()>;

impl Writer {
    pub(crate) fn start(connection: AnyConnection) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(QUEUE);
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write(connection, &queue))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { jobs })
    }

    /// Runs `f` in a transaction that it may share with others: when it fails, what it did must
    /// be nothing. One statement is like that by itself.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, result) = sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let outcome = f(connection);
            Box::new(move || {
                // Nobody waits any more: the caller is gone, the change stays.
                let _ = sender.send(outcome);
            })
        });
        let gone = || StoreError::Unavailable("the transaction was not committed".into());
        self.jobs.send(job).map_err(|_| gone())?;
        result.recv().map_err(|_| gone())?
    }

    /// As [`Writer::run`], but what `f` did is undone when it fails, however much it was.
    pub(crate) fn run_atomically<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| {
            connection.batch_execute("SAVEPOINT job")?;
            let outcome = f(connection);
            if outcome.is_err() {
                connection.batch_execute("ROLLBACK TO job")?;
            }
            connection.batch_execute("RELEASE job")?;
            outcome
        })
    }
}

fn write(mut connection: AnyConnection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let jobs = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1));
        match commit(&mut connection, jobs) {
            Ok(answers) => answers.into_iter().for_each(|answer| answer()),
            Err(error) => {
                log::error!("SQLite: {error}");
                // There may be no transaction left to roll back.
                let _ = connection.batch_execute("ROLLBACK");
            }
        }
    }
}

fn commit(
    connection: &mut AnyConnection,
    jobs: impl Iterator<Item = Job>,
) -> QueryResult<Vec<Answer>> {
    connection.batch_execute("BEGIN IMMEDIATE")?;
    let mut answers = Vec::new();
    for job in jobs {
        match catch_unwind(AssertUnwindSafe(|| job(connection))) {
            Ok(answer) => answers.push(answer),
            Err(_) => return Err(diesel::result::Error::RollbackTransaction),
        }
    }
    connection.batch_execute("COMMIT")?;
    Ok(answers)
}
