//! The store for async callers: its calls block, so they run on the blocking threads of tokio.

use std::sync::Arc;
use std::time::Duration;

use store::{AnyConnection, Store, StoreError, StoreState};
use tokio::sync::Semaphore;
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
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
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
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
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
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |store| store.write(f)).await
    }

    /// [`Store::dry_run`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn dry_run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
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
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |store| store.transaction(f)).await
    }

    /// Runs `f` on a blocking thread without waiting for it and without the limit on calls: the
    /// caller must bound how many run at once.
    pub(crate) fn spawn(&self, f: impl FnOnce(&Store) + Send + 'static) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || f(&store));
    }

    async fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        let admitted = self.admitted.clone().try_acquire_owned();
        let admitted =
            admitted.map_err(|_| StoreError::Unavailable("too many calls are waiting".into()))?;
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
