//! The one writer of a SQLite database: a thread that commits the queued jobs in one transaction and
//! reports their results after the commit, so that one disk sync serves many callers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use diesel::connection::SimpleConnection;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// Maximum number of jobs in one transaction.
const BATCH: usize = 64;

/// Maximum number of jobs that wait; more are refused.
const QUEUE: usize = 1024;

pub(crate) struct Writer {
    jobs: SyncSender<Job>,
    written: Arc<Written>,
}

/// Transactions committed, and changes in them.
#[derive(Default)]
struct Written {
    commits: AtomicU64,
    changes: AtomicU64,
}

/// Does the work, and returns a closure that reports the result to the caller after the commit. An
/// error means that the transaction is lost for all jobs in it. If a job or its report is dropped,
/// nothing was changed.
type Job = Box<dyn FnOnce(&mut AnyConnection) -> Result<Answer, TransactionLost> + Send>;
type Answer = Box<dyn FnOnce()>;

struct TransactionLost(String);

impl Writer {
    pub(crate) fn start(connection: AnyConnection) -> Result<Self, StoreError> {
        let (jobs, queue) = sync_channel(QUEUE);
        let written = Arc::new(Written::default());
        let counted = written.clone();
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write(connection, &queue, &counted))
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Ok(Self { jobs, written })
    }

    /// The number of transactions committed, and of changes in them.
    pub(crate) fn written(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.written.commits), count(&self.written.changes))
    }

    /// Runs `f` in a transaction that it may share with others, so a failing `f` must not have changed
    /// anything. A single statement never has.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let work = move |connection: &mut _| {
            let outcome = f(connection);
            if let Err(error) = &outcome {
                check_transaction(connection, error)?;
            }
            Ok(outcome)
        };
        self.submit(work, done)
    }

    /// Like [`Writer::run`], but rolls back everything that `f` did if it fails.
    pub(crate) fn run_atomically<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let work = |connection: &mut _| savepoint(connection, f, |outcome| outcome.is_ok());
        self.submit(work, done)
    }

    /// Rolls back everything that `f` did in any case.
    pub(crate) fn run_and_roll_back<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.submit(|connection| savepoint(connection, f, |_| false), done)
    }

    /// Queues a job. `done` gets the outcome of `work` after the commit; it is dropped if nothing was
    /// committed.
    fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<Result<T, StoreError>, TransactionLost>
        + Send
        + 'static,
        done: impl FnOnce(Result<T, StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        let job: Job = Box::new(move |connection| {
            let outcome = work(connection)?;
            Ok(Box::new(move || done(outcome)))
        });
        let refused = |_| StoreError::Unavailable("too many changes wait already".into());
        self.jobs.try_send(job).map_err(refused)
    }
}

/// Runs `f` in a savepoint, and keeps its changes if `keep` accepts its outcome.
fn savepoint<T>(
    connection: &mut AnyConnection,
    f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    keep: impl FnOnce(&Result<T, StoreError>) -> bool,
) -> Result<Result<T, StoreError>, TransactionLost> {
    connection.batch_execute("SAVEPOINT job")?;
    let outcome = f(connection);
    if let Err(error) = &outcome {
        check_transaction(connection, error)?;
    }
    if !keep(&outcome) {
        connection.batch_execute("ROLLBACK TO job")?;
    }
    connection.batch_execute("RELEASE job")?;
    Ok(outcome)
}

/// After some errors, such as a full disk, SQLite has rolled back the whole transaction by itself, and
/// the next statement would be committed on its own.
fn check_transaction(
    connection: &mut AnyConnection,
    error: &StoreError,
) -> Result<(), TransactionLost> {
    match connection.batch_execute("BEGIN") {
        Err(_there_is_one) => Ok(()),
        Ok(()) => Err(TransactionLost(format!(
            "a whole transaction is lost: {error}"
        ))),
    }
}

impl From<diesel::result::Error> for TransactionLost {
    fn from(error: diesel::result::Error) -> Self {
        Self(error.to_string())
    }
}

fn write(mut connection: AnyConnection, queue: &Receiver<Job>, written: &Written) {
    while let Ok(first) = queue.recv() {
        if let Err(error) = connection.batch_execute("BEGIN IMMEDIATE") {
            log::error!("SQLite: {error}");
            // The jobs behind it have waited just as long.
            queue.try_iter().for_each(drop);
            continue;
        }
        let jobs = std::iter::once(first).chain(queue.try_iter().take(BATCH - 1));
        match commit(&mut connection, jobs) {
            Ok(answers) => {
                written.commits.fetch_add(1, Ordering::Relaxed);
                let changes = u64::try_from(answers.len()).unwrap_or(0);
                written.changes.fetch_add(changes, Ordering::Relaxed);
                answers.into_iter().for_each(|answer| answer());
            }
            Err(TransactionLost(why)) => {
                log::error!("SQLite: {why}");
                // It may have been rolled back already.
                let _ = connection.batch_execute("ROLLBACK");
            }
        }
    }
}

fn commit(
    connection: &mut AnyConnection,
    jobs: impl Iterator<Item = Job>,
) -> Result<Vec<Answer>, TransactionLost> {
    let mut answers = Vec::new();
    for job in jobs {
        let done = catch_unwind(AssertUnwindSafe(|| job(connection)));
        let panicked = |_| TransactionLost("a change panicked".into());
        answers.push(done.map_err(panicked)??);
    }
    connection.batch_execute("COMMIT")?;
    Ok(answers)
}
