//! How a listener counts its connections, and shuts them down.
//!
//! Each connection holds a [`Permit`] until it is dropped. The listener counts the permits. To shut down, it stores a
//! [`Phase`] and wakes the connections, which load it when they are polled.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicU8, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::wakers::{Task, Tasks, is_for};

/// How far a listener's shutdown has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the phases of a shutdown")]
pub enum Phase {
    /// The listener accepts connections.
    Serving,
    /// No new connections. Open ones go on.
    Finishing,
    /// Open connections end now, with close code 1001.
    Closing,
    /// Open connections are cut off. All reads and writes fail.
    Over,
}

/// A listener's count of its connections, and its means to shut them down. Clones share one count.
#[derive(Clone, Debug)]
pub struct Permits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    slots: Mutex<Slots>,
}

/// One slot for each connection. It is small, because many connections may be idle.
#[derive(Debug, Default)]
struct Slots {
    /// The tasks to wake, by slot. `None` in a free slot, and until a connection has attached its tasks.
    tasks: Vec<Option<Arc<Tasks>>>,
    free: Vec<u32>,
    /// The listener's task, while it waits for permits to be dropped.
    waiting: Option<Waker>,
}

impl Slots {
    const fn taken(&self) -> usize {
        self.tasks.len() - self.free.len()
    }
}

impl Permits {
    /// Starts in [`Phase::Serving`], without connections.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            phase: AtomicU8::new(Phase::Serving as u8),
            slots: Mutex::default(),
        }))
    }

    /// Issues a permit for one more connection.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "no system has so many sockets"
    )]
    #[must_use]
    pub fn issue(&self) -> Permit {
        let mut slots = self.0.slots();
        let slot = slots.free.pop().unwrap_or_else(|| {
            slots.tasks.push(None);
            (slots.tasks.len() - 1) as u32
        });
        let shared = Arc::clone(&self.0);
        Permit { shared, slot }
    }

    /// Waits until there are at most `limit` permits. Only one task can wait at a time.
    pub fn poll_at_most(&self, limit: usize, cx: &Context<'_>) -> Poll<()> {
        {
            let slots = self.0.slots();
            if slots.taken() <= limit {
                return Poll::Ready(());
            }
            if is_for(slots.waiting.as_ref(), cx.waker()) {
                return Poll::Pending;
            }
        }
        // Clone and drop wakers without the lock: dropping one may drop a permit, which takes the lock.
        let waker = cx.waker().clone();
        let replaced = {
            let mut slots = self.0.slots();
            // Check again: a permit dropped in between has woken no task.
            if slots.taken() <= limit {
                drop(slots);
                return Poll::Ready(());
            }
            slots.waiting.replace(waker)
        };
        drop(replaced);
        Poll::Pending
    }

    /// The number of permits.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.slots().taken()
    }

    /// Enters a phase, and wakes all connections to obey it. A phase that has passed does not come again.
    pub fn enter(&self, phase: Phase) {
        self.0.phase.fetch_max(phase as u8, Ordering::AcqRel);
        // Wake without the lock: a task may drop its permit at once.
        let tasks: Vec<_> = self.0.slots().tasks.iter().flatten().cloned().collect();
        for tasks in tasks {
            tasks.wake();
        }
    }
}

impl Default for Permits {
    fn default() -> Self {
        Self::new()
    }
}

impl Shared {
    fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection in the count of [`Permits`], until it is dropped. Pass it to
/// [`Accept::with_permit`](super::Accept::with_permit): the connection then keeps it, and obeys the listener's
/// shutdown.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    slot: u32,
}

impl Permit {
    /// How far the listener's shutdown has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.shared.phase.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Finishing,
            2 => Phase::Closing,
            _ => Phase::Over,
        }
    }

    /// Waits until the listener shuts down. For a connection that has not got the permit yet, and one task at a time.
    pub fn poll_finishing(&self, cx: &Context<'_>) -> Poll<()> {
        let attached = self.shared.slots().tasks.get(self.slot as usize).cloned();
        let tasks = attached.flatten().unwrap_or_else(|| {
            let tasks = Arc::default();
            self.attach(&tasks);
            tasks
        });
        tasks.register(Task::Driver, cx.waker());
        // Read it after that: the phase before is over if nobody was woken.
        match self.phase() {
            Phase::Serving => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Sets the tasks to wake when the listener shuts down.
    pub(super) fn attach(&self, tasks: &Arc<Tasks>) {
        let tasks = Some(Arc::clone(tasks));
        let mut slots = self.shared.slots();
        let slot = slots.tasks.get_mut(self.slot as usize);
        let replaced = slot.map(|slot| mem::replace(slot, tasks));
        drop(slots);
        // Without the lock, because it drops wakers.
        drop(replaced);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut slots = self.shared.slots();
        let tasks = slots.tasks.get_mut(self.slot as usize).map(Option::take);
        slots.free.push(self.slot);
        let waiting = slots.waiting.take();
        drop(slots);
        // Without the lock: dropping a waker may drop another permit.
        drop(tasks);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
}
