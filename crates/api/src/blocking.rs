//! Calls of the store block: they run on threads of their own.

use store::{AnyConnection, Store, StoreError};

use crate::failure::Failure;

/// [`Store::read`], off the async threads.
pub(crate) async fn read<T: Send + 'static>(
    store: &Store,
    f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let store = store.clone();
    run(move || store.read(f)).await
}

/// [`Store::write`], off the async threads.
pub(crate) async fn write<T: Send + 'static>(
    store: &Store,
    f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let store = store.clone();
    run(move || store.write(f)).await
}

/// [`Store::transaction`], off the async threads.
pub(crate) async fn transaction<T: Send + 'static>(
    store: &Store,
    f: impl FnOnce(&mut AnyConnection) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    let store = store.clone();
    run(move || store.transaction(f)).await
}

async fn run<T: Send + 'static>(
    f: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => result.map_err(Failure::Store),
        Err(panicked) => Err(Failure::Internal(panicked.to_string())),
    }
}
