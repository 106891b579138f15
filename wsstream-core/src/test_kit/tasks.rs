//! Tasks without a runtime, polled only when something has woken them.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Waker};

/// A future to be run.
pub type Job<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// A task that is polled by hand: it has a context, and knows whether it was woken.
#[derive(Clone, Debug)]
pub struct Task {
    flag: Arc<Flag>,
    waker: Waker,
}

#[derive(Debug)]
struct Flag {
    woken: AtomicBool,
}

impl Task {
    /// A task that is to be polled for the first time.
    #[must_use]
    pub fn new() -> Self {
        let flag = Arc::new(Flag {
            woken: AtomicBool::new(true),
        });
        let waker = Waker::from(Arc::clone(&flag));
        Self { flag, waker }
    }

    /// What to poll with.
    #[must_use]
    pub fn cx(&self) -> Context<'_> {
        // The waker lives in here, so the context cannot outlive it.
        Context::from_waker(&self.waker)
    }

    /// Whether it was woken since the last time this was asked.
    pub fn is_woken(&self) -> bool {
        self.flag.woken.swap(false, Ordering::SeqCst)
    }
}

impl Default for Task {
    fn default() -> Self {
        Self::new()
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
    }
}

/// Runs jobs to their end, each in a task of its own that is polled only when it was woken.
///
/// # Panics
///
/// If some are not done when nothing is woken any more, telling which; if they are polled a million
/// times: something wakes itself for ever.
#[track_caller]
pub fn run_all(jobs: Vec<Job<'_>>) {
    assert_eq!(run(jobs), [0; 0], "these jobs hang");
}

/// Tells which are not done when nothing is woken any more.
fn run(jobs: Vec<Job<'_>>) -> Vec<usize> {
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .map(|job| Some((Task::new(), job)))
        .collect();
    let mut polls = 0_u32;
    loop {
        let mut idle = true;
        for slot in &mut jobs {
            let Some((task, job)) = slot else { continue };
            if !task.is_woken() {
                continue;
            }
            (idle, polls) = (false, polls + 1);
            assert!(polls < 1_000_000, "spinning");
            let done = job.as_mut().poll(&mut task.clone().cx()).is_ready();
            if done {
                *slot = None;
            }
        }
        if idle {
            let left = |(at, job): (usize, &Option<_>)| job.as_ref().map(|_| at);
            return jobs.iter().enumerate().filter_map(left).collect();
        }
    }
}
