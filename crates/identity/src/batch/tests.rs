use std::sync::mpsc::{Receiver, Sender, channel};

use store::{DatabaseUrl, StoreOptions};
use tokio::task::{JoinHandle, yield_now};

use super::*;

/// What is asked of the database: numbers, each of which is the answer to itself.
type Numbers = BTreeMap<u8, ()>;

fn store(directory: &tempfile::TempDir) -> AsyncStore {
    let url = DatabaseUrl::sqlite(directory.path().join("symbolon.db"));
    let options = StoreOptions {
        connections: 1,
        wait: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(60),
        prepared_statements: true,
    };
    AsyncStore::new(Store::open(&url, options).unwrap(), None)
}

/// Longer than a test takes.
const PATIENT: Duration = Duration::from_secs(3600);

const IMPATIENT: Duration = Duration::from_millis(1);

fn batch(
    patience: Duration,
    ask: impl Fn(&Numbers) -> Result<(), StoreError> + Send + Sync + 'static,
) -> Arc<Batch<u8, (), u8>> {
    let directory = tempfile::tempdir().unwrap();
    let echo = move |_: &_, numbers: Numbers| {
        ask(&numbers)?;
        Ok(numbers.into_keys().map(|n| (n, Ok(n))).collect())
    };
    let mut batch = Batch::new(store(&directory), echo);
    Arc::get_mut(&mut batch.0).unwrap().patience = patience;
    Arc::new(batch)
}

/// Lets a call go on: it succeeds or fails.
type GoOn = Sender<Result<(), StoreError>>;

/// Each call says what it is asked, and waits until it may go on.
struct Gate {
    batch: Arc<Batch<u8, (), u8>>,
    calls: Receiver<(Vec<u8>, GoOn)>,
}

fn gate(patience: Duration) -> Gate {
    let (sender, calls) = channel();
    let batch = batch(patience, move |numbers| {
        let (go_on, may_go_on) = channel();
        sender
            .send((numbers.keys().copied().collect(), go_on))
            .unwrap();
        // An error: the test is over.
        may_go_on.recv().unwrap_or(Ok(()))
    });
    Gate { batch, calls }
}

impl Gate {
    /// The questions of the next call, and what lets it go on.
    async fn next(&self) -> (Vec<u8>, GoOn) {
        loop {
            match self.calls.try_recv() {
                Ok(call) => return call,
                Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }
}

type Asked = JoinHandle<Result<u8, Failure>>;

fn ask(batch: &Arc<Batch<u8, (), u8>>, number: u8) -> Asked {
    let batch = batch.clone();
    tokio::spawn(async move { batch.ask(number, ()).await })
}

async fn wait_until_waiting(batch: &Batch<u8, (), u8>, number: usize) {
    while batch.0.lock().waiting.len() < number {
        yield_now().await;
    }
}

fn is_unavailable(answer: &Result<u8, Failure>) -> bool {
    matches!(answer, Err(Failure::Store(StoreError::Unavailable(_))))
}

#[tokio::test]
async fn what_is_asked_during_a_call_shares_the_next() {
    let gate = gate(PATIENT);
    let first = ask(&gate.batch, 1);
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [1]);
    let others = [5, 3, 4].map(|n| ask(&gate.batch, n));
    wait_until_waiting(&gate.batch, 3).await;
    go_on.send(Ok(())).unwrap();
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [3, 4, 5]);
    go_on.send(Ok(())).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), 1);
    for (other, n) in others.into_iter().zip([5, 3, 4]) {
        assert_eq!(other.await.unwrap().unwrap(), n);
    }
}

#[tokio::test]
async fn of_two_questions_about_one_thing_the_second_waits_for_the_next_call() {
    let gate = gate(PATIENT);
    let first = ask(&gate.batch, 1);
    let (_, go_on) = gate.next().await;
    let again = [2, 3, 2, 2].map(|n| ask(&gate.batch, n));
    wait_until_waiting(&gate.batch, 4).await;
    go_on.send(Ok(())).unwrap();
    for expected in [vec![2, 3], vec![2], vec![2]] {
        let (asked, go_on) = gate.next().await;
        assert_eq!(asked, expected);
        go_on.send(Ok(())).unwrap();
    }
    for asked in again.into_iter().chain([first]) {
        asked.await.unwrap().unwrap();
    }
}

/// A call for these five, which is yet to answer.
async fn call_for_five(gate: &Gate) -> (Vec<Asked>, GoOn) {
    let first = ask(&gate.batch, 100);
    let (_, go_on) = gate.next().await;
    let five = (0..5).map(|n| ask(&gate.batch, n)).collect();
    wait_until_waiting(&gate.batch, 5).await;
    go_on.send(Ok(())).unwrap();
    first.await.unwrap().unwrap();
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [0, 1, 2, 3, 4]);
    (five, go_on)
}

fn failed() -> Result<(), StoreError> {
    Err(StoreError::Unavailable("on purpose".into()))
}

#[tokio::test]
async fn what_cannot_be_asked_does_not_affect_the_others() {
    let gate = gate(PATIENT);
    let (five, go_on) = call_for_five(&gate).await;
    go_on.send(failed()).unwrap();
    for n in 0..5 {
        let (asked, go_on) = gate.next().await;
        assert_eq!(asked, [n]);
        go_on.send(if n == 3 { failed() } else { Ok(()) }).unwrap();
    }
    for (n, answer) in (0..).zip(five) {
        let answer = answer.await.unwrap();
        match n {
            3 => assert!(is_unavailable(&answer), "{answer:?}"),
            n => assert_eq!(answer.unwrap(), n),
        }
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_not_asked_for_each() {
    let gate = gate(PATIENT);
    let (five, go_on) = call_for_five(&gate).await;
    go_on.send(failed()).unwrap();
    for n in 0..2 {
        let (asked, go_on) = gate.next().await;
        assert_eq!(asked, [n]);
        go_on.send(failed()).unwrap();
    }
    for answer in five {
        assert!(is_unavailable(&answer.await.unwrap()));
    }
    assert!(gate.calls.try_recv().is_err());
}

#[tokio::test]
async fn a_call_that_hangs_stops_only_those_in_it() {
    let gate = gate(IMPATIENT);
    let stuck = ask(&gate.batch, 1);
    let (asked, hang) = gate.next().await;
    assert_eq!(asked, [1]);
    // Behind it, and nobody comes later.
    let other = ask(&gate.batch, 2);
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [2]);
    go_on.send(Ok(())).unwrap();
    assert_eq!(other.await.unwrap().unwrap(), 2);
    assert!(!stuck.is_finished());
    hang.send(Ok(())).unwrap();
    assert_eq!(stuck.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn only_a_few_calls_may_hang() {
    let gate = gate(IMPATIENT);
    let mut hanging = Vec::new();
    for n in 0..MAX_CALLS {
        let n = u8::try_from(n).unwrap();
        let stuck = ask(&gate.batch, n);
        let (asked, hang) = gate.next().await;
        assert_eq!(asked, [n]);
        hanging.push((stuck, hang));
    }
    let waits = ask(&gate.batch, 100);
    wait_until_waiting(&gate.batch, 1).await;
    assert_eq!(gate.batch.0.lock().begin(IMPATIENT), None);
    for (_, hang) in &hanging {
        hang.send(Ok(())).unwrap();
    }
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [100]);
    go_on.send(Ok(())).unwrap();
    assert_eq!(waits.await.unwrap().unwrap(), 100);
}

#[tokio::test]
async fn a_caller_that_hangs_up_affects_no_other_and_is_not_asked_for() {
    let gate = gate(PATIENT);
    let first = ask(&gate.batch, 1);
    let (_, go_on) = gate.next().await;
    let (gone, other) = (ask(&gate.batch, 2), ask(&gate.batch, 3));
    wait_until_waiting(&gate.batch, 2).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    first.abort();
    go_on.send(Ok(())).unwrap();
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [3]);
    go_on.send(Ok(())).unwrap();
    assert_eq!(other.await.unwrap().unwrap(), 3);
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let gate = gate(PATIENT);
    let first = ask(&gate.batch, 1);
    let (_, go_on) = gate.next().await;
    let waiting: Vec<_> = (0..=u8::MAX).map(|n| ask(&gate.batch, n)).collect();
    assert_eq!(waiting.len(), MAX_WAITING);
    wait_until_waiting(&gate.batch, MAX_WAITING).await;
    assert!(is_unavailable(&gate.batch.ask(3, ()).await));
    waiting.into_iter().for_each(|one| one.abort());
    go_on.send(Ok(())).unwrap();
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_questions_about_one_thing_leave_room_for_others() {
    let gate = gate(PATIENT);
    let first = ask(&gate.batch, 1);
    let (_, go_on) = gate.next().await;
    let same: Vec<_> = (0..MAX_ABOUT_ONE).map(|_| ask(&gate.batch, 2)).collect();
    wait_until_waiting(&gate.batch, MAX_ABOUT_ONE).await;
    assert!(is_unavailable(&gate.batch.ask(2, ()).await));
    let other = ask(&gate.batch, 3);
    wait_until_waiting(&gate.batch, MAX_ABOUT_ONE + 1).await;
    go_on.send(Ok(())).unwrap();
    let (asked, go_on) = gate.next().await;
    assert_eq!(asked, [2, 3]);
    go_on.send(Ok(())).unwrap();
    assert_eq!(other.await.unwrap().unwrap(), 3);
    same.into_iter().for_each(|one| one.abort());
    first.await.unwrap().unwrap();
}

#[tokio::test]
async fn after_a_panic_others_are_answered() {
    let batch = batch(PATIENT, |numbers| {
        assert!(!numbers.contains_key(&7), "on purpose");
        Ok(())
    });
    let panicking = ask(&batch, 7);
    assert!(is_unavailable(&panicking.await.unwrap()));
    assert_eq!(ask(&batch, 1).await.unwrap().unwrap(), 1);
}
