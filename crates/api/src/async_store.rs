//! The store, for async callers: its calls block, and run on threads of their own.

use std::sync::Arc;

use store::{AnyConnection, Store, StoreError, StoreState};
use tokio::sync::Semaphore;

use crate::failure::Failure;

/// Calls under way or waiting, at most. While the database is away each takes its time to fail;
/// more of them would only make the queue longer, and be answered when nobody waits any more.
const ADMITTED: usize = 256;

/// Runs calls of a [`Store`] off the async threads. Clones share it.
#[derive(Clone)]
pub struct AsyncStore {
    store: Store,
    admitted: Arc<Semaphore>,
}

impl AsyncStore {
    /// For this store.
    pub fn new(store: Store) -> Self {
        Self {
            store,
            admitted: Arc::new(Semaphore::new(ADMITTED)),
        }
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

    /// [`Store::watch`].
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn watch<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.run(move |store| store.watch(f)).await
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

    /// Runs `f` there and lets it go, admitted or not: whoever uses this sees to it that there are
    /// few at once.
    pub(crate) fn spawn(&self, f: impl FnOnce(&Store) + Send + 'static) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || f(&store));
    }

    async fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Failure> {
        self.with(f).await?.map_err(Failure::Store)
    }

    /// Runs several calls as one.
    ///
    /// # Errors
    ///
    /// [`Failure`], if it was not run or has panicked.
    pub(crate) async fn with<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Store) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let admitted = self.admitted.clone().try_acquire_owned();
        let admitted =
            admitted.map_err(|_| StoreError::Unavailable("too many calls wait".into()))?;
        let store = self.store.clone();
        let work = move || {
            let result = f(&store);
            // Given back when the work is done, not when its caller has lost patience.
            drop(admitted);
            result
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|panicked| Failure::Internal(panicked.to_string()))
    }
}
