//! The store for async callers. Its calls block, so they run on the blocking threads of tokio; but what
//! SQLite's writer does is only queued, and no thread waits for it.

use std::sync::Arc;
use std::time::Duration;

use store::{AnyConnection, Store, StoreError, StoreState};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

use crate::failure::Failure;
use crate::request_id;

/// Maximum number of calls that run or wait. While the database is unavailable, each takes its time
/// to fail; more of them would only lengthen the queue and finish after their callers gave up.
const ADMITTED: usize = 256;

/// Runs the calls of a [`Store`] off the async threads. Clones share it.
#[derive(Clone)]
pub struct AsyncStore {
    store: Store,
    admitted: Arc<Semaphore>,
    deadline: Option<Duration>,
}

impl AsyncStore {
    /// Wraps a store. Callers wait until the `deadline` after each call, if there is one; what they asked
    /// for may still happen later. A server that hangs answers nothing, not even that it takes too long.
    pub fn new(store: Store, deadline: Option<Duration>) -> Self {
        Self {
            store,
            admitted: Arc::new(Semaphore::new(ADMITTED)),
            deadline,
        }
    }

    /// Waits for an answer of the database, at most until the deadline.
    pub(crate) async fn wait_for<T>(&self, answer: impl Future<Output = T>) -> Result<T, Failure> {
        let Some(deadline) = self.deadline else {
            return Ok(answer.await);
        };
        let late = |_| StoreError::Unavailable(format!("no answer within {deadline:?}"));
        Ok(timeout(deadline, answer).await.map_err(late)?)
    }

    /// [`Store::queues_changes`].
    pub(crate) fn queues_changes(&self) -> bool {
        self.store.queues_changes()
    }

    /// [`Store::state`].
    pub fn state(&self) -> StoreState {
        self.store.state()
    }

    /// [`Store::read`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |store| store.read(f)).await
    }

    /// [`Store::poll`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn poll<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |store| store.poll(f)).await
    }

    /// [`Store::write`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        if !self.store.queues_changes() {
            return self.run(move |store| store.write(f)).await;
        }
        let f = for_this_request(f);
        self.queue(|store, done| store.write_then(f, done)).await
    }

    /// [`Store::dry_run`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn dry_run<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |store| store.dry_run(f)).await
    }

    /// [`Store::transaction`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn transaction<T: Send + 'static>(
        &self,
        f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        if !self.store.queues_changes() {
            return self.run(move |store| store.transaction(f)).await;
        }
        let f = for_this_request(f);
        self.queue(|store, done| store.transaction_then(f, done))
            .await
    }

    /// Runs `f` on a blocking thread without waiting for it and without the limit on calls: the
    /// caller must bound how many run at once.
    pub(crate) fn spawn(&self, f: impl FnOnce(&Store) + Send + 'static) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || f(&store));
    }

    /// Runs `f` on a blocking thread, for as long as it takes. It does not count as a call: the caller
    /// must bound how many run at once.
    pub(crate) async fn on_a_thread<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let store = self.store.clone();
        let work = tokio::task::spawn_blocking(move || f(&store));
        work.await
            .map_err(|panicked| Failure::Internal(panicked.to_string()))
    }

    /// Queues a change, and waits for its outcome.
    async fn queue<T: Send + 'static>(
        &self,
        start: impl FnOnce(&Store, Done<T>) -> Result<(), StoreError>,
    ) -> Result<T, Failure> {
        let admitted = self.admit()?;
        let (sender, outcome) = oneshot::channel();
        let done = move |outcome| {
            // Its caller may have given up; the change stays.
            let _ = sender.send(outcome);
            drop(admitted);
        };
        start(&self.store, Box::new(done))?;
        match self.wait_for(outcome).await? {
            Ok(outcome) => Ok(outcome?),
            Err(_dropped) => Err(self.store.lost().into()),
        }
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let admitted = self.admitted.clone().try_acquire_owned();
        admitted.map_err(|_| StoreError::Unavailable("too many calls are waiting".into()))
    }

    async fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        let admitted = self.admit()?;
        let store = self.store.clone();
        let request = request_id::current();
        let work = move || {
            let result = request_id::on_behalf_of(request, || f(&store));
            // Released when the work is done, not when its caller gives up.
            drop(admitted);
            result
        };
        self.wait_for(tokio::task::spawn_blocking(work))
            .await?
            .map_err(|panicked| Failure::Internal(panicked.to_string()))?
            .map_err(Failure::Store)
    }
}

type Done<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// What `f` logs names the request that it is for, on whichever thread it runs.
fn for_this_request<T>(
    f: impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
) -> impl Fn(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static {
    let request = request_id::current();
    move |connection| request_id::on_behalf_of(request, || f(connection))
}
