//! Wakers for several tasks that share one socket.
//!
//! A socket remembers one waker for each direction. But reading may have to write, writing may have to read, and
//! different tasks may do the two. So the socket gets two wakers of our own, one for each direction. Each records that
//! it was woken, and wakes all waiting tasks. No wake-up is lost, and a task can tell which direction is ready.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The slot of a waiting task.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    Reader,
    Writer,
    Driver,
}

/// The tasks that wait for the socket or the clock.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<[Option<Waker>; 3]>);

impl Tasks {
    /// Sets the waker of a slot. It replaces the task that was there before.
    #[inline]
    pub(super) fn register(&self, task: Task, waker: &Waker) {
        if !is_for(self.lock()[task as usize].as_ref(), waker) {
            self.replace(task, waker);
        }
    }

    /// Clones and drops wakers without the lock: they are foreign code, which may call back here.
    fn replace(&self, task: Task, waker: &Waker) {
        let waker = waker.clone();
        let replaced = self.lock()[task as usize].replace(waker);
        drop(replaced);
    }

    pub(super) fn wake(&self) {
        let waiting = core::mem::take(&mut *self.lock());
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, [Option<Waker>; 3]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether `waker` wakes the task that waits already. It runs no foreign code.
#[inline]
pub(super) fn is_for(waiting: Option<&Waker>, waker: &Waker) -> bool {
    waiting.is_some_and(|waiting| waiting.will_wake(waker))
}

/// One direction of a socket, and whether it may be ready.
#[derive(Clone, Debug)]
pub(super) struct Direction {
    signal: Arc<Signal>,
    waker: Waker,
    blocked: bool,
}

impl Direction {
    pub(super) fn new(tasks: &Arc<Tasks>) -> Self {
        let signal = Arc::new(Signal {
            woken: AtomicBool::new(false),
            tasks: Arc::clone(tasks),
        });
        Self {
            waker: Waker::from(Arc::clone(&signal)),
            signal,
            blocked: false,
        }
    }

    /// The waker for the socket.
    pub(super) const fn waker(&self) -> &Waker {
        &self.waker
    }

    /// Whether the direction may be ready: it was not polled yet, was ready the last time, or was woken since.
    #[inline]
    pub(super) fn is_promising(&self) -> bool {
        !self.blocked || self.signal.woken.load(Ordering::Acquire)
    }

    /// Call it before polling the socket, so that a wake-up from then on counts.
    #[inline]
    pub(super) fn begin(&self) {
        // Usually it was not woken, and then a load is enough.
        if self.signal.woken.load(Ordering::Relaxed) {
            self.signal.woken.swap(false, Ordering::AcqRel);
        }
    }

    /// Records whether the socket was pending.
    #[inline]
    pub(super) const fn set_blocked(&mut self, blocked: bool) {
        self.blocked = blocked;
    }
}

#[derive(Debug)]
struct Signal {
    woken: AtomicBool,
    tasks: Arc<Tasks>,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.tasks.wake();
    }
}
