//! Asking the database many questions in one call.
//!
//! A call costs two thread switches, a round trip and, if it changes something, a commit, while a row costs
//! next to nothing. So questions that arrive while a call is running share the next one. Nobody waits for
//! company: the first question is asked at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Store, StoreError};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use crate::async_store::AsyncStore;
use crate::failure::Failure;

/// Maximum number of waiting questions; see [`AsyncStore`].
const MAX_WAITING: usize = 256;

/// Maximum number of waiting questions about the same thing: they go one by one, and must not take the places of
/// all others.
const MAX_ABOUT_ONE: usize = 32;

/// Maximum number of questions in one call.
const MAX_TOGETHER: usize = 64;

/// After this time a call is overdue, and another one may start beside it: its connection may hang, or one of
/// its rows may be locked.
const PATIENCE: Duration = Duration::from_millis(100);

/// Maximum number of calls, with those that are overdue.
const MAX_CALLS: usize = 4;

/// The answers of a call. A question without one has failed.
pub(crate) type Answers<K, A> = BTreeMap<K, Result<A, StoreError>>;

type Ask<K, Q, A> =
    dyn Fn(&Store, BTreeMap<K, Q>) -> Result<Answers<K, A>, StoreError> + Send + Sync;

/// Asks questions of type `Q`, each about a different thing that `K` names; the answers are of type `A`.
pub(crate) struct Batch<K, Q, A>(Arc<Shared<K, Q, A>>);

struct Shared<K, Q, A> {
    store: AsyncStore,
    ask: Box<Ask<K, Q, A>>,
    patience: Duration,
    queue: Mutex<Queue<K, Q, A>>,
}

struct Queue<K, Q, A> {
    waiting: VecDeque<Waiting<K, Q, A>>,
    /// When each running call becomes overdue.
    running: BTreeMap<u64, Instant>,
    calls: u64,
}

struct Waiting<K, Q, A> {
    key: K,
    question: Q,
    answer: Answer<A>,
}

type Answer<A> = oneshot::Sender<Result<A, StoreError>>;

impl<K, Q, A> Batch<K, Q, A>
where
    K: Copy + Ord + Send + Sync + 'static,
    Q: Clone + Send + Sync + 'static,
    A: Send + 'static,
{
    /// `ask` asks a few questions, about different things, in one call.
    pub(crate) fn new(
        store: AsyncStore,
        ask: impl Fn(&Store, BTreeMap<K, Q>) -> Result<Answers<K, A>, StoreError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Arc::new(Shared {
            store,
            ask: Box::new(ask),
            patience: PATIENCE,
            queue: Mutex::new(Queue {
                waiting: VecDeque::new(),
                running: BTreeMap::new(),
                calls: 0,
            }),
        }))
    }

    /// The answer to a question, as it was at some time after the call. Of two questions about the same
    /// thing, one waits for the other.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub(crate) async fn ask(&self, key: K, question: Q) -> Result<A, Failure> {
        let (sender, mut answer) = oneshot::channel();
        self.0.add(Waiting {
            key,
            question,
            answer: sender,
        })?;
        let answered = async {
            loop {
                self.call_if_due();
                if let Ok(answer) = timeout(self.0.patience, &mut answer).await {
                    return answer;
                }
            }
        };
        match self.0.store.wait_for(answered).await? {
            Ok(answer) => Ok(answer?),
            Err(_dropped) => Err(no_answer().into()),
        }
    }

    /// Not in the future of a caller, who may hang up while others wait for the same call.
    fn call_if_due(&self) {
        if let Some(id) = self.0.lock().begin(self.0.patience) {
            let call = Call {
                shared: self.0.clone(),
                id,
            };
            self.0.store.spawn(move |store| call.run(store));
        }
    }
}

impl<K: PartialEq, Q, A> Shared<K, Q, A> {
    fn add(&self, waiting: Waiting<K, Q, A>) -> Result<(), StoreError> {
        let mut queue = self.lock();
        let about_the_same = queue.waiting.iter().filter(|w| w.key == waiting.key);
        if queue.waiting.len() >= MAX_WAITING || about_the_same.count() >= MAX_ABOUT_ONE {
            let why = "too many calls are waiting".into();
            return Err(StoreError::Unavailable(why));
        }
        queue.waiting.push_back(waiting);
        Ok(())
    }
}

impl<K, Q, A> Shared<K, Q, A> {
    fn lock(&self) -> MutexGuard<'_, Queue<K, Q, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, Q, A> Queue<K, Q, A> {
    /// The number of a new call, if there is something to ask and no call that will do so soon.
    fn begin(&mut self, patience: Duration) -> Option<u64> {
        if self.waiting.is_empty() || self.running.len() == MAX_CALLS || self.is_served() {
            return None;
        }
        self.calls += 1;
        self.running.insert(self.calls, Instant::now() + patience);
        Some(self.calls)
    }

    /// Whether a call is running that is not overdue.
    fn is_served(&self) -> bool {
        let now = Instant::now();
        self.running.values().any(|overdue| now < *overdue)
    }
}

impl<K: Copy + Ord, Q, A> Queue<K, Q, A> {
    /// The questions for the next call of this number: one about each thing, the others wait. `None`: it has
    /// ended, because nothing waits or because it was overdue and another call has taken over.
    fn take(&mut self, id: u64, patience: Duration) -> Option<BTreeMap<K, Waiting<K, Q, A>>> {
        self.running.remove(&id);
        if self.is_served() {
            return None;
        }
        let mut taken = BTreeMap::new();
        let mut others = VecDeque::new();
        for waiting in self.waiting.drain(..) {
            if waiting.answer.is_closed() {
                // Its caller has hung up.
            } else if taken.len() == MAX_TOGETHER || taken.contains_key(&waiting.key) {
                others.push_back(waiting);
            } else {
                taken.insert(waiting.key, waiting);
            }
        }
        self.waiting = others;
        if taken.is_empty() {
            return None;
        }
        self.running.insert(id, Instant::now() + patience);
        Some(taken)
    }
}

/// A running call, and those that follow it.
struct Call<K, Q, A> {
    shared: Arc<Shared<K, Q, A>>,
    id: u64,
}

impl<K: Copy + Ord, Q: Clone, A> Call<K, Q, A> {
    /// Asks everything that waits, until nothing does.
    fn run(self, store: &Store) {
        loop {
            // Not in the head of a `while let`, where the lock would be held during the call.
            let taken = self.shared.lock().take(self.id, self.shared.patience);
            let Some(taken) = taken else { return };
            self.ask(store, taken);
        }
    }

    fn ask(&self, store: &Store, mut taken: BTreeMap<K, Waiting<K, Q, A>>) {
        let questions = taken.iter().map(|(key, w)| (*key, w.question.clone()));
        match (self.shared.ask)(store, questions.collect()) {
            Ok(mut answers) => {
                for (key, waiting) in taken {
                    waiting.answer(answers.remove(&key).unwrap_or_else(|| Err(no_answer())));
                }
            }
            Err(_) if taken.len() > 1 => self.ask_each(store, taken),
            Err(error) => {
                if let Some((_, waiting)) = taken.pop_first() {
                    waiting.answer(Err(error));
                }
            }
        }
    }

    /// One question that makes the call fail must not affect the others. If the database turns out to be away,
    /// asking on would only keep the callers waiting.
    fn ask_each(&self, store: &Store, taken: BTreeMap<K, Waiting<K, Q, A>>) {
        let mut failed_in_a_row = 0;
        for (key, waiting) in taken {
            if failed_in_a_row == 2 {
                waiting.answer(Err(no_answer()));
                continue;
            }
            let alone = BTreeMap::from([(key, waiting.question.clone())]);
            let answer = (self.shared.ask)(store, alone)
                .and_then(|mut answers| answers.remove(&key).unwrap_or_else(|| Err(no_answer())));
            failed_in_a_row = match answer {
                Err(StoreError::Unavailable(_)) => failed_in_a_row + 1,
                _ => 0,
            };
            waiting.answer(answer);
        }
    }
}

impl<K, Q, A> Drop for Call<K, Q, A> {
    /// Also after a panic: those who wait then start another call.
    fn drop(&mut self) {
        self.shared.lock().running.remove(&self.id);
    }
}

impl<K, Q, A> Waiting<K, Q, A> {
    fn answer(self, answer: Result<A, StoreError>) {
        // The caller may have hung up.
        let _ = self.answer.send(answer);
    }
}

fn no_answer() -> StoreError {
    StoreError::Unavailable("a call for many failed".into())
}

#[cfg(test)]
mod tests;
