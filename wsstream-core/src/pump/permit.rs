//! How a listener counts its connections, and shuts them down.
//!
//! Each connection holds a [`Permit`] until it is dropped. The listener counts the permits. To shut down, it stores a
//! [`Phase`] and wakes the connections, which load it when they are polled. It can tell them to close one after the
//! other, so that their peers do not all come back at once.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::mem;
use core::pin::pin;
use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
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
    /// In [`Phase::Finishing`], the connections in slots below this one are closing already.
    closing: AtomicUsize,
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
            closing: AtomicUsize::new(0),
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

    /// How far the shutdown has come, for connections that have no permit yet.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase()
    }

    /// The number of permits.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.slots().taken()
    }

    /// Enters a phase, and wakes all connections to obey it. A phase that has passed does not come again.
    pub fn enter(&self, phase: Phase) {
        self.0.phase.fetch_max(phase as u8, Ordering::AcqRel);
        self.wake(0, usize::MAX);
    }

    /// In [`Phase::Finishing`]: lets a part of the connections enter [`Phase::Closing`], of which `done` in `all` parts
    /// are then closing, and wakes those. Call it for every `done` from 1 to `all`.
    ///
    /// The parts are equal in the numbers of the connections' slots, which change no more once no permit is issued.
    pub fn close_part(&self, done: u32, all: u32) {
        let slots = self.0.slots().tasks.len();
        let closing = (slots * done as usize).div_ceil(all.max(1) as usize);
        let before = self.0.closing.fetch_max(closing, Ordering::AcqRel);
        self.wake(before, closing);
    }

    /// Wakes the connections in a range of slots.
    fn wake(&self, from: usize, to: usize) {
        // Without the lock: a task may drop its permit at once.
        let tasks: Vec<_> = {
            let slots = self.0.slots();
            let count = to.saturating_sub(from);
            slots
                .tasks
                .iter()
                .skip(from)
                .take(count)
                .flatten()
                .cloned()
                .collect()
        };
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
    fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Finishing,
            2 => Phase::Closing,
            _ => Phase::Over,
        }
    }

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
        match self.shared.phase() {
            Phase::Finishing
                if (self.slot as usize) < self.shared.closing.load(Ordering::Acquire) =>
            {
                Phase::Closing
            }
            phase => phase,
        }
    }

    /// Waits for a future that knows of no permit, for example a handshake. `None` if the listener's shutdown comes to
    /// `phase` before it is ready; the future is then dropped. For a connection that has not got the permit itself yet,
    /// and for one task at a time.
    pub async fn until<T>(&self, phase: Phase, future: impl Future<Output = T>) -> Option<T> {
        let tasks = Arc::new(Tasks::default());
        self.attach(&tasks);
        let mut future = pin!(future);
        poll_fn(|cx| {
            // Register first: the phase may change in between.
            tasks.register(Task::Driver, cx.waker());
            if self.phase() >= phase {
                return Poll::Ready(None);
            }
            future.as_mut().poll(cx).map(Some)
        })
        .await
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_kit::Task as Polled;

    /// Each is told once, in order, and of each part those alone are woken that belong to it.
    #[test]
    fn connections_close_part_by_part() {
        for (connections, all, closing) in [
            (4, 2, &[2, 4][..]),
            (5, 4, &[2, 3, 4, 5]),
            (2, 5, &[1, 1, 2, 2, 2]),
            (1, 3, &[1, 1, 1]),
            (0, 2, &[0, 0]),
            (3, 0, &[3]),
        ] {
            let permits = Permits::new();
            let mut held = Vec::new();
            for _ in 0..connections {
                let (permit, tasks, polled) =
                    (permits.issue(), Arc::new(Tasks::default()), Polled::new());
                permit.attach(&tasks);
                tasks.register(Task::Reader, polled.cx().waker());
                polled.is_woken();
                held.push((permit, tasks, polled));
            }
            permits.enter(Phase::Finishing);
            for (_, tasks, polled) in &held {
                assert!(polled.is_woken());
                tasks.register(Task::Reader, polled.cx().waker());
            }
            let mut before = 0;
            for (done, closing) in (1..).zip(closing) {
                permits.close_part(done, all);
                for (slot, (permit, _, polled)) in held.iter().enumerate() {
                    let phase = match slot < *closing {
                        true => Phase::Closing,
                        false => Phase::Finishing,
                    };
                    assert_eq!(permit.phase(), phase);
                    assert_eq!(polled.is_woken(), (before..*closing).contains(&slot));
                }
                before = *closing;
            }
            permits.enter(Phase::Over);
            assert!(
                held.iter()
                    .all(|(permit, ..)| permit.phase() == Phase::Over)
            );
        }
    }

    #[test]
    fn a_future_is_waited_for_until_all_is_over() {
        let (permits, task) = (Permits::new(), Polled::new());
        let permit = permits.issue();
        let mut waiting = pin!(permit.until(Phase::Over, core::future::pending::<()>()));
        assert!(waiting.as_mut().poll(&mut task.cx()).is_pending());
        permits.enter(Phase::Finishing);
        permits.close_part(1, 1);
        assert!(waiting.as_mut().poll(&mut task.cx()).is_pending());
        task.is_woken();
        permits.enter(Phase::Over);
        assert!(task.is_woken());
        assert!(matches!(
            waiting.as_mut().poll(&mut task.cx()),
            Poll::Ready(None)
        ));
        let permits = Permits::new();
        let permit = permits.issue();
        let waiting = pin!(permit.until(Phase::Over, core::future::ready(7)));
        assert!(matches!(waiting.poll(&mut task.cx()), Poll::Ready(Some(7))));
    }
}
