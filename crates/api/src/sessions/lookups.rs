//! Looking sessions up for many clients at once.
//!
//! A call of the database costs two changes of thread and a round trip, the row itself next to
//! nothing: those asked for while a call is under way share the next one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{iter, mem};

use store::sessions::{self as rows, Session, SessionId};
use store::{Store, StoreError};
use tokio::sync::oneshot;

use crate::async_store::AsyncStore;
use crate::failure::Failure;

/// Lookups that wait, at most; see [`AsyncStore`].
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
    call_under_way: bool,
}

impl Lookups {
    pub(super) fn new(store: AsyncStore) -> Self {
        Self {
            store,
            queue: Arc::default(),
        }
    }

    /// The session of this id, ended or not, as it is now or was after this was called.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(super) async fn find(&self, id: SessionId) -> Result<Option<Session>, Failure> {
        let (sender, answer) = oneshot::channel();
        if let Some(call) = self.ask(id, sender)? {
            // Not by this future: its caller may hang up, and others wait for the same call.
            self.store.spawn(move |store| call.run(store));
        }
        match answer.await {
            Ok(answer) => Ok(answer?),
            Err(_dropped) => Err(StoreError::Unavailable("a lookup was not made".into()).into()),
        }
    }

    /// Queues a question, and returns the call to make unless the one under way will see to it.
    fn ask(
        &self,
        id: SessionId,
        sender: oneshot::Sender<Answer>,
    ) -> Result<Option<Call>, StoreError> {
        let mut queue = lock(&self.queue);
        if queue.waiting.len() == MAX_WAITING {
            return Err(StoreError::Unavailable("too many lookups wait".into()));
        }
        queue.waiting.push((id, sender));
        if mem::replace(&mut queue.call_under_way, true) {
            return Ok(None);
        }
        Ok(Some(Call {
            queue: self.queue.clone(),
            has_ended: false,
        }))
    }
}

/// The one that is under way.
struct Call {
    queue: Arc<Mutex<Queue>>,
    has_ended: bool,
}

impl Call {
    /// Looks up what waits, until nothing does.
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

    /// All that wait. The call has ended if none do: whoever comes later finds it gone.
    fn take(&mut self) -> Vec<(SessionId, oneshot::Sender<Answer>)> {
        let mut queue = lock(&self.queue);
        if queue.waiting.is_empty() {
            queue.call_under_way = false;
            self.has_ended = true;
        }
        mem::take(&mut queue.waiting)
    }
}

impl Drop for Call {
    /// After a panic nobody is left hanging.
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = lock(&self.queue);
            queue.call_under_way = false;
            queue.waiting.clear();
        }
    }
}

fn send(senders: Vec<oneshot::Sender<Answer>>, answers: impl IntoIterator<Item = Answer>) {
    for (sender, answer) in senders.into_iter().zip(answers) {
        // Who has hung up needs none.
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

    use actix_rt::System;
    use actix_rt::task::JoinHandle;
    use store::sessions::{Device, NewSession, issue};
    use store::users::{self, User, UserId};
    use store::{DatabaseUrl, StoreOptions, UnixMillis, migrations};
    use tokio::task::yield_now;

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
                device: Device::default(),
                session_limit: None,
            };
            store.transaction(|c| issue(c, new)).unwrap();
        }
        store
    }

    fn lookups(directory: &tempfile::TempDir, sessions: u8) -> Arc<Lookups> {
        let store = store(directory.path(), (0..sessions).map(id));
        Arc::new(Lookups::new(AsyncStore::new(store)))
    }

    fn ask(lookups: &Arc<Lookups>, id: SessionId) -> JoinHandle<Result<Option<Session>, Failure>> {
        let lookups = lookups.clone();
        actix_rt::spawn(async move { lookups.find(id).await })
    }

    #[test]
    fn each_gets_its_own_session_however_many_ask() {
        let directory = tempfile::tempdir().unwrap();
        let lookups = lookups(&directory, 20);
        System::new().block_on(async {
            // Those from 20 on do not exist; each is asked for five times.
            let ids = (0..40).cycle().take(200).map(id);
            let asked: Vec<_> = ids.map(|id| (id, ask(&lookups, id))).collect();
            for (asked, found) in asked {
                let found = found.await.unwrap().unwrap().map(|session| session.id);
                let exists = (0..20).map(id).any(|id| id == asked);
                assert_eq!(found, exists.then_some(asked));
            }
        });
    }

    #[test]
    fn whoever_hangs_up_takes_nobody_along() {
        let directory = tempfile::tempdir().unwrap();
        let lookups = lookups(&directory, 1);
        System::new().block_on(async {
            for _ in 0..50 {
                let begun = ask(&lookups, id(0));
                let other = ask(&lookups, id(0));
                yield_now().await;
                begun.abort();
                assert!(other.await.unwrap().unwrap().is_some());
            }
        });
    }

    #[test]
    fn no_more_wait_than_may_and_none_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let lookups = lookups(&directory, 1);
        System::new().block_on(async {
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
        });
    }
}
