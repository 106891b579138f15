//! What a listener and the connections it has accepted know of each other.
//!
//! Each connection has a [`Permit`] as long as it lives. So the listener can count them, wake them, and
//! tell them that it shuts down; they look when they are polled, which costs one load.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;
use core::sync::atomic::{AtomicU8, Ordering};
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::wakers::{Tasks, is_for};

/// How far a listener has shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
#[expect(clippy::exhaustive_enums, reason = "the phases of a shutdown")]
pub enum Phase {
    /// It has not.
    Serving,
    /// No more connections are opened. Those that are open may go on.
    Finishing,
    /// They are to end now, with Close 1001.
    Closing,
    /// They have ended, whatever was under way.
    Over,
}

/// The permits of one listener, which counts its connections by them, and tells them when it shuts down.
#[derive(Clone, Debug)]
pub struct Permits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    phase: AtomicU8,
    slots: Mutex<Slots>,
}

/// Few octets for each connection: there may be many that are idle.
#[derive(Debug, Default)]
struct Slots {
    /// Those who wait for anything to happen to a connection. None in a slot that is free, and as long as
    /// the socket is not known to the pump.
    tasks: Vec<Option<Arc<Tasks>>>,
    free: Vec<u32>,
    /// The listener, when it waits for a permit to come back.
    waiting: Option<Waker>,
}

impl Slots {
    const fn taken(&self) -> usize {
        self.tasks.len() - self.free.len()
    }
}

impl Permits {
    /// Permits of a listener that serves.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            phase: AtomicU8::new(Phase::Serving as u8),
            slots: Mutex::default(),
        }))
    }

    /// One more.
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

    /// Ready once there are no more than `limit`.
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
        // Cloned and dropped without the lock: a waker may be the last that holds a permit.
        let waker = cx.waker().clone();
        let replaced = {
            let mut slots = self.0.slots();
            // One may have come back meanwhile, and woken nobody.
            if slots.taken() <= limit {
                drop(slots);
                return Poll::Ready(());
            }
            slots.waiting.replace(waker)
        };
        drop(replaced);
        Poll::Pending
    }

    /// How many there are.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.0.slots().taken()
    }

    /// Tells all connections. A phase that is behind them does not come again.
    pub fn enter(&self, phase: Phase) {
        self.0.phase.fetch_max(phase as u8, Ordering::AcqRel);
        // Woken without the lock: who is woken may drop its permit at once.
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

/// A connection's leave to be open, from the [`Permits`] of the listener that accepted it. It counts until it is
/// dropped. [`Accept::with_permit`](super::Accept::with_permit) takes it, and the streams of the pump keep it; until
/// then the listener has to.
#[derive(Debug)]
pub struct Permit {
    shared: Arc<Shared>,
    slot: u32,
}

impl Permit {
    /// How far the listener has shut down.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.shared.phase.load(Ordering::Acquire) {
            0 => Phase::Serving,
            1 => Phase::Finishing,
            2 => Phase::Closing,
            _ => Phase::Over,
        }
    }

    /// Has these woken when the listener shuts down.
    pub(super) fn attach(&self, tasks: &Arc<Tasks>) {
        let tasks = Some(Arc::clone(tasks));
        let mut slots = self.shared.slots();
        let slot = slots.tasks.get_mut(self.slot as usize);
        let replaced = slot.map(|slot| mem::replace(slot, tasks));
        drop(slots);
        // Without the lock: what it replaces has wakers.
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
        // Without the lock, both: dropping a waker may drop what holds another permit.
        drop(tasks);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }
}
