//! Looking up sessions for many clients in one statement.
//!
//! A database call costs two thread switches and a round trip, while a row costs next to nothing. So
//! lookups that arrive while a call is running share the next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{iter, mem};

use store::sessions::{self as rows, Session, SessionId};
use store::{Store, StoreError};
use tokio::sync::oneshot;

use crate::async_store::AsyncStore;
use crate::failure::Failure;

/// Maximum number of waiting lookups; see [`AsyncStore`].
const MAX_WAITING: usize = 256;

type Answer = Result<Option<Session>, StoreError>;

/// Finds sessions by id.
pub(super) struct Lookups {
    store: AsyncStore,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<(SessionId, oneshot::Sender<Answer>)>,
    is_running: bool,
}

impl Lookups {
    pub(super) fn new(store: AsyncStore) -> Self {
        Self {
            store,
            queue: Arc::default(),
        }
    }

    /// The session of this id, live or not, as it was at some time after the call.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(super) async fn find(&self, id: SessionId) -> Result<Option<Session>, Failure> {
        let (sender, answer) = oneshot::channel();
        if let Some(call) = self.ask(id, sender)? {
            // Not in this future: its caller may hang up while others wait for the same call.
            self.store.spawn(move |store| call.run(store));
        }
        match self.store.wait_for(answer).await? {
            Ok(answer) => Ok(answer?),
            Err(_dropped) => Err(StoreError::Unavailable("a lookup failed".into()).into()),
        }
    }

    /// Queues a lookup, and returns the call to make unless the running call will take it.
    fn ask(
        &self,
        id: SessionId,
        sender: oneshot::Sender<Answer>,
    ) -> Result<Option<Call>, StoreError> {
        let mut queue = lock(&self.queue);
        if queue.waiting.len() == MAX_WAITING {
            return Err(StoreError::Unavailable(
                "too many lookups are waiting".into(),
            ));
        }
        queue.waiting.push((id, sender));
        if mem::replace(&mut queue.is_running, true) {
            return Ok(None);
        }
        Ok(Some(Call {
            queue: self.queue.clone(),
            has_ended: false,
        }))
    }
}

/// The running call.
struct Call {
    queue: Arc<Mutex<Queue>>,
    has_ended: bool,
}

impl Call {
    /// Looks up everything that waits, until nothing does.
    fn run(mut self, store: &Store) {
        loop {
            let (ids, senders): (Vec<_>, Vec<_>) = self.take().into_iter().unzip();
            if ids.is_empty() {
                return;
            }
            match store.read(|c| rows::find_many(c, &ids)) {
                Ok(answers) => send(senders, answers),
                Err(error) => send(senders, iter::repeat_with(|| Err(again(&error)))),
            }
        }
    }

    /// All waiting lookups. If there are none, the call has ended, and later lookups start another.
    fn take(&mut self) -> Vec<(SessionId, oneshot::Sender<Answer>)> {
        let mut queue = lock(&self.queue);
        if queue.waiting.is_empty() {
            queue.is_running = false;
            self.has_ended = true;
        }
        mem::take(&mut queue.waiting)
    }
}

impl Drop for Call {
    /// After a panic, waiting callers get an error.
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = lock(&self.queue);
            queue.is_running = false;
            queue.waiting.clear();
        }
    }
}

fn send(senders: Vec<oneshot::Sender<Answer>>, answers: impl IntoIterator<Item = Answer>) {
    for (sender, answer) in senders.into_iter().zip(answers) {
        // The caller may have hung up.
        let _ = sender.send(answer);
    }
}

/// One failure, for each who waited.
fn again(error: &StoreError) -> StoreError {
    StoreError::Unavailable(match error {
        StoreError::Unavailable(why) => why.clone(),
        other => other.to_string(),
    })
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use store::sessions::{Device, NewSession, issue};
    use store::users::{self, User, UserId};
    use store::{DatabaseUrl, StoreOptions, UnixMillis, migrations};
    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    const NOW: UnixMillis = UnixMillis::from_millis(1_800_000_000_000);

    fn id(n: u8) -> SessionId {
        SessionId::new(NOW, [n; 10])
    }

    /// A database in `directory`, with a session for each of `ids`.
    fn store(directory: &Path, ids: impl Iterator<Item = SessionId>) -> Store {
        let file = directory.join("symbolon.db");
        let url = DatabaseUrl::parse(&format!("sqlite://{}", file.display())).unwrap();
        let options = StoreOptions {
            connections: 2,
            wait: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(60),
            prepared_statements: true,
        };
        migrations::run(&url, &options).unwrap();
        let store = Store::open(&url, options).unwrap();
        let user = User {
            id: UserId::parse("ann").unwrap(),
            name: "Ann".to_owned(),
            email: "ann@example.org".to_owned(),
            password: None,
            claims: "{}".to_owned(),
            created_at: NOW,
            disabled_at: None,
        };
        store.write(move |c| users::add(c, &user)).unwrap();
        for id in ids {
            let new = NewSession {
                id,
                user_id: UserId::parse("ann").unwrap(),
                created_at: NOW,
                idle_expires_at: NOW + Duration::from_secs(60),
                expires_at: NOW + Duration::from_secs(60),
                amr: Vec::new(),
                client_id: None,
                device: Device::default(),
                session_limit: None,
                replaces: Vec::new(),
            };
            store.transaction(|c| issue(c, new, &|| NOW)).unwrap();
        }
        store
    }

    fn lookups(directory: &tempfile::TempDir, sessions: u8) -> Arc<Lookups> {
        let store = store(directory.path(), (0..sessions).map(id));
        Arc::new(Lookups::new(AsyncStore::new(store, None)))
    }

    fn ask(lookups: &Arc<Lookups>, id: SessionId) -> JoinHandle<Result<Option<Session>, Failure>> {
        let lookups = lookups.clone();
        tokio::spawn(async move { lookups.find(id).await })
    }

    #[tokio::test]
    async fn each_caller_gets_a_session() {
        let directory = tempfile::tempdir().unwrap();
        let lookups = lookups(&directory, 20);
        // Those from 20 on do not exist; each is asked for five times.
        let ids = (0..40).cycle().take(200).map(id);
        let asked: Vec<_> = ids.map(|id| (id, ask(&lookups, id))).collect();
        for (asked, found) in asked {
            let found = found.await.unwrap().unwrap().map(|session| session.id);
            let exists = (0..20).map(id).any(|id| id == asked);
            assert_eq!(found, exists.then_some(asked));
        }
    }

    #[tokio::test]
    async fn a_caller_that_hangs_up_affects_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let lookups = lookups(&directory, 1);
        for _ in 0..50 {
            let begun = ask(&lookups, id(0));
            let other = ask(&lookups, id(0));
            yield_now().await;
            begun.abort();
            assert!(other.await.unwrap().unwrap().is_some());
        }
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_waiting_ends() {
        let directory = tempfile::tempdir().unwrap();
        let lookups = lookups(&directory, 1);
        // A call that has not come back.
        let (sender, _answer) = oneshot::channel();
        let call = lookups.ask(id(0), sender).unwrap().unwrap();
        let waiting: Vec<_> = (1..MAX_WAITING).map(|_| ask(&lookups, id(0))).collect();
        while lock(&lookups.queue).waiting.len() < MAX_WAITING {
            yield_now().await;
        }
        let unavailable = |found: &Result<_, Failure>| {
            matches!(found, Err(Failure::Store(StoreError::Unavailable(_))))
        };
        assert!(unavailable(&lookups.find(id(0)).await));

        // Nor will it: it has panicked.
        drop(call);

        for waiting in waiting {
            assert!(unavailable(&waiting.await.unwrap()));
        }
        assert!(lookups.find(id(0)).await.unwrap().is_some());
    }
}
