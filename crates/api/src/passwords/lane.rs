//! Threads for hashing, and for nothing else. As few as there are, they keep little memory: the
//! allocator holds on to what each thread has used once, and a hash takes much.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::Busy;

type Job = Box<dyn FnOnce() + Send>;

/// How much they stand back behind the threads that answer: a storm of sign-ins is to slow down
/// sign-ins.
const NICENESS: i32 = 10;

pub(super) struct Lane {
    jobs: SyncSender<Job>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    running: AtomicUsize,
}

impl Lane {
    /// So many threads, and so many jobs that may wait for one.
    #[expect(
        clippy::expect_used,
        reason = "a machine without threads has no service"
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
                .expect("a thread starts");
        }
        Self { jobs, counts }
    }

    /// Does the work on one of the threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (sender, done) = oneshot::channel();
        let job = Box::new(move || {
            // Its caller may have lost patience.
            let _ = sender.send(work());
        });
        self.counts.waiting.fetch_add(1, Ordering::Relaxed);
        if self.jobs.try_send(job).is_err() {
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        done.await.map_err(|_| Busy)
    }

    /// Jobs that run, and those that wait.
    pub(super) fn load(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.counts.running), count(&self.counts.waiting))
    }
}

/// Until the lane is gone.
fn work(jobs: &Mutex<Receiver<Job>>, counts: &Counts) {
    // Of this thread alone; where it may not, it goes without.
    let _ = rustix::process::setpriority_process(None, NICENESS);
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            return;
        };
        counts.running.fetch_add(1, Ordering::Relaxed);
        counts.waiting.fetch_sub(1, Ordering::Relaxed);
        // The caller is told by the sender that is dropped.
        let _ = catch_unwind(AssertUnwindSafe(job));
        counts.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[actix_rt::test]
    async fn a_full_queue_is_busy_at_once_and_a_free_one_works_again() {
        let lane = Arc::new(Lane::start(1, 1));
        let (go, wait) = channel::<()>();
        let (started, begun) = channel();
        let first = actix_rt::spawn({
            let lane = lane.clone();
            async move {
                let work = move || {
                    started.send(()).unwrap();
                    wait.recv()
                };
                lane.run(work).await
            }
        });
        // The one thread has it; then one waits.
        while begun.try_recv().is_err() {
            actix_rt::task::yield_now().await;
        }
        let second = actix_rt::spawn({
            let lane = lane.clone();
            async move { lane.run(|| 2).await }
        });
        while lane.load() != (1, 1) {
            actix_rt::task::yield_now().await;
        }
        assert_eq!(lane.run(|| 3).await, Err(Busy));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(Ok(())));
        assert_eq!(second.await.unwrap(), Ok(2));
        assert_eq!(lane.run(|| 4).await, Ok(4));
    }

    #[actix_rt::test]
    async fn a_panic_takes_no_thread_along() {
        let lane = Lane::start(1, 1);
        let panicked = lane
            .run(|| {
                if true {
                    panic!("on purpose")
                }
            })
            .await;
        assert_eq!(panicked, Err(Busy));
        assert_eq!(lane.run(|| 1).await, Ok(1));
    }
}
