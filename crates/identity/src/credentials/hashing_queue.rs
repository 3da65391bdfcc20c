//! A queue with dedicated threads for hashing. The allocator keeps the memory that a thread has used,
//! and a hash uses a lot, so few threads keep the memory of the process small.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::failure::Busy;

type Job = Box<dyn FnOnce(&Counts) + Send>;

/// The niceness of the threads, so that many sign-ins slow down other sign-ins, not other requests.
const NICENESS: i32 = 10;

pub(super) struct HashingQueue {
    jobs: SyncSender<Job>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    running: AtomicUsize,
}

impl HashingQueue {
    /// Starts `threads` threads; at most `queue` jobs may wait for one.
    #[expect(
        clippy::expect_used,
        reason = "without threads the service cannot start"
    )]
    pub(super) fn start(threads: usize, queue: usize) -> Self {
        let (jobs, receiver) = sync_channel(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let counts = Arc::new(Counts::default());
        for _ in 0..threads {
            let (receiver, counts) = (receiver.clone(), counts.clone());
            thread::Builder::new()
                .name("password-hasher".into())
                .spawn(move || work(&receiver, &counts))
                .expect("the system can start a thread");
        }
        Self { jobs, counts }
    }

    /// Does the work on one of the threads. The load no longer counts it by the time this returns.
    ///
    /// # Errors
    ///
    /// [`Busy`] if the queue is full, or the work panicked.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (sender, done) = oneshot::channel();
        let job = Box::new(move |counts: &Counts| {
            let done = catch_unwind(AssertUnwindSafe(work));
            counts.running.fetch_sub(1, Ordering::Relaxed);
            // After a panic, dropping the sender informs the caller, who may have given up anyway.
            if let Ok(value) = done {
                let _ = sender.send(value);
            }
        });
        self.counts.waiting.fetch_add(1, Ordering::Relaxed);
        if self.jobs.try_send(job).is_err() {
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        done.await.map_err(|_| Busy)
    }

    /// Jobs that run, and jobs that wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.counts.running), count(&self.counts.waiting))
    }
}

/// Works until the queue is dropped.
fn work(jobs: &Mutex<Receiver<Job>>, counts: &Counts) {
    // Of this thread only. Without the permission it keeps its priority.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        counts.running.fetch_add(1, Ordering::Relaxed);
        counts.waiting.fetch_sub(1, Ordering::Relaxed);
        job(counts);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once_and_a_free_one_works_again() {
        let queue = Arc::new(HashingQueue::start(1, 1));
        let (go, wait) = channel::<()>();
        let (started, begun) = channel();
        let first = tokio::spawn({
            let queue = queue.clone();
            async move {
                let work = move || {
                    started.send(()).unwrap();
                    wait.recv()
                };
                queue.run(work).await
            }
        });
        // The only thread is busy; then one job waits.
        while begun.try_recv().is_err() {
            tokio::task::yield_now().await;
        }
        let second = tokio::spawn({
            let queue = queue.clone();
            async move { queue.run(|| 2).await }
        });
        while queue.load() != (1, 1) {
            tokio::task::yield_now().await;
        }
        assert_eq!(queue.run(|| 3).await, Err(Busy));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(Ok(())));
        assert_eq!(second.await.unwrap(), Ok(2));
        assert_eq!(queue.run(|| 4).await, Ok(4));
    }

    #[tokio::test]
    async fn a_panic_ends_no_thread() {
        let queue = HashingQueue::start(1, 1);
        let panicked = queue
            .run(|| {
                if true {
                    panic!("on purpose")
                }
            })
            .await;
        assert_eq!(panicked, Err(Busy));
        assert_eq!(queue.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn a_job_that_is_answered_is_no_longer_counted() {
        let queue = HashingQueue::start(2, 8);
        for _ in 0..1000 {
            queue.run(|| ()).await.unwrap();
            assert_eq!(queue.load(), (0, 0));
        }
    }
}
