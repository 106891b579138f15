//! The clock of a future whose time is paused, for clocks and for the test kit.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// A clock that stands still until it is told to jump.
#[derive(Debug)]
pub(crate) struct Paused {
    now: Cell<Instant>,
    sleepers: RefCell<BTreeMap<Instant, Vec<Waker>>>,
}

impl Paused {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self {
            now: Cell::new(Instant::now()),
            sleepers: RefCell::default(),
        })
    }

    /// Is this thread's clock until what comes back is dropped.
    pub(crate) fn enter(self: &Rc<Self>) -> Entered {
        Entered(CURRENT.replace(Some(Rc::clone(self))))
    }

    /// Goes to the first deadline, and wakes the tasks that wait for it; `false` if there is none.
    pub(crate) fn jump(&self) -> bool {
        let Some((deadline, waiting)) = self.sleepers.borrow_mut().pop_first() else {
            return false;
        };
        self.now.set(deadline);
        waiting.into_iter().for_each(Waker::wake);
        true
    }
}

/// Puts back the clock that was there before.
#[derive(Debug)]
pub(crate) struct Entered(Option<Rc<Paused>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// The time, by this thread's paused clock if there is one.
pub(crate) fn now() -> Instant {
    current().map_or_else(Instant::now, |clock| clock.now.get())
}

/// Waits for the deadline by this thread's paused clock; `None` if there is none.
pub(crate) fn poll_sleep(cx: &Context<'_>, deadline: Instant) -> Option<Poll<()>> {
    let clock = current()?;
    if deadline <= clock.now.get() {
        return Some(Poll::Ready(()));
    }
    let mut sleepers = clock.sleepers.borrow_mut();
    let waiting = sleepers.entry(deadline).or_default();
    if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
        waiting.push(cx.waker().clone());
    }
    Some(Poll::Pending)
}

std::thread_local! {
    static CURRENT: RefCell<Option<Rc<Paused>>> = const { RefCell::new(None) };
}

fn current() -> Option<Rc<Paused>> {
    CURRENT.with_borrow(Clone::clone)
}
