//! The one writer of a SQLite database: a thread that commits what is queued as one transaction,
//! and answers after the commit. A sync of the disk then serves many callers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use diesel::connection::SimpleConnection;

use crate::connection::AnyConnection;
use crate::error::StoreError;

/// Jobs in one transaction, at most.
const BATCH: usize = 64;

/// Jobs that may wait; more are refused.
const QUEUE: usize = 1024;

pub(crate) struct Writer {
    jobs: SyncSender<Job>,
    written: Arc<Written>,
}

/// Transactions that were committed, and changes in them.
#[derive(Default)]
struct Written {
    commits: AtomicU64,
    changes: AtomicU64,
}

/// Does the work, and returns what tells the caller once it is committed. An error says that the
/// transaction is lost, for all who share it. A job or an answer that is dropped tells its caller
/// that nothing was changed.
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

    /// How many transactions were committed, and how many changes in them.
    pub(crate) fn written(&self) -> (u64, u64) {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (count(&self.written.commits), count(&self.written.changes))
    }

    /// Runs `f` in a transaction that it may share with others: when it fails, what it did must
    /// be nothing. One statement is like that by itself.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(move |connection| {
            let outcome = f(connection);
            if let Err(error) = &outcome {
                check_transaction(connection, error)?;
            }
            Ok(outcome)
        })
    }

    /// As [`Writer::run`], but everything `f` did is rolled back if it fails.
    pub(crate) fn run_atomically<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(move |connection| savepoint(connection, f, |outcome| outcome.is_ok()))
    }

    /// Everything `f` did is rolled back in any case.
    pub(crate) fn run_and_roll_back<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.submit(move |connection| savepoint(connection, f, |_| false))
    }

    fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<Result<T, StoreError>, TransactionLost>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let (sender, result) = sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let outcome = work(connection)?;
            Ok(Box::new(move || {
                // Nobody waits any more: the caller is gone, the change stays.
                let _ = sender.send(outcome);
            }))
        });
        let refused = |_| StoreError::Unavailable("too many changes wait already".into());
        self.jobs.try_send(job).map_err(refused)?;
        let lost = |_| StoreError::Unavailable("the transaction was not committed".into());
        result.recv().map_err(lost)?
    }
}

/// Runs `f` in a savepoint, and keeps what it did if `keep` says so of its outcome.
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

/// After some errors (a full disk, for one) SQLite has rolled back the whole transaction by
/// itself, and what comes next would be committed alone.
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
            // Whoever waits behind has waited as long.
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
                // There may be none left to roll back.
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
