//! Several tasks, one socket.
//!
//! A socket remembers one waker for each direction, but reading may have to write and writing to
//! read, and the two may go on in different tasks. So the socket is given wakers of our own, one
//! for each direction. Each notes that it was woken and wakes every task that waits: nothing is lost,
//! and who looks can tell what it was about.

use alloc::sync::Arc;
use alloc::task::Wake;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Waker;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Who waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    Reader,
    Writer,
    Driver,
}

/// The tasks that wait for anything to happen.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<[Option<Waker>; 3]>);

impl Tasks {
    /// Has `waker` woken, in place of the task that was there before.
    #[inline]
    pub(super) fn register(&self, task: Task, waker: &Waker) {
        if !is_for(self.lock()[task as usize].as_ref(), waker) {
            self.replace(task, waker);
        }
    }

    /// A waker is foreign code: to clone or drop it may come back here, so the lock is not held.
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

/// Whether the task that waits already is the one that `waker` wakes; no foreign code is run to tell.
#[inline]
pub(super) fn is_for(waiting: Option<&Waker>, waker: &Waker) -> bool {
    waiting.is_some_and(|waiting| waiting.will_wake(waker))
}

/// One direction of a socket: whether it is worth trying.
#[derive(Debug)]
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

    /// Whether the socket might be ready: it was not asked yet, was ready, or has woken us since.
    #[inline]
    pub(super) fn is_promising(&self) -> bool {
        !self.blocked || self.signal.woken.load(Ordering::Acquire)
    }

    /// To be called before the socket is asked, so that a wake-up from then on counts.
    #[inline]
    pub(super) fn begin(&self) {
        // The common case is not woken: then a load is all it takes.
        if self.signal.woken.load(Ordering::Relaxed) {
            self.signal.woken.swap(false, Ordering::AcqRel);
        }
    }

    /// What the socket answered.
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
