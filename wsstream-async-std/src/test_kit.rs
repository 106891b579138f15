//! A clock that jumps ahead while everybody waits, for tests (feature `test-kit`).
//!
//! With it a test sees what happens after a timeout of hours, at once and to the millisecond, as with
//! tokio's paused clock. The adapter's own timers go by it: handshake limits, keepalive, closing.
//!
//! ```
//! use std::time::Duration;
//! use wsstream_async_std::test_kit::{now, paused, sleep};
//!
//! async_std::task::block_on(paused(async {
//!     let begun = now();
//!     sleep(Duration::from_secs(3600)).await;
//!     assert_eq!(now() - begun, Duration::from_secs(3600));
//! }));
//! ```

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use wsstream_core::pump::Timer as _;

use crate::timer::Timer;

/// Runs a future on a clock of its own, which stands still while there is something to do, and then jumps
/// to when the first has something to do again.
///
/// What the future does itself is on that clock, and so are the tasks that it polls: those of an executor
/// whose `run` it awaits. Tasks that others poll are not; nor are timers other than the adapter's and
/// [`sleep`].
pub async fn paused<F: Future>(future: F) -> F::Output {
    let clock = Rc::new(Clock {
        now: Cell::new(Instant::now()),
        sleepers: RefCell::default(),
    });
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _entered = Entered(CLOCK.replace(Some(Rc::clone(&clock))));
        let signal = Arc::new(Signal {
            woken: AtomicBool::new(false),
            outer: cx.waker().clone(),
        });
        let waker = Waker::from(Arc::clone(&signal));
        loop {
            let output = future.as_mut().poll(&mut Context::from_waker(&waker));
            if output.is_ready() {
                return output;
            }
            // What is not waited for by the clock comes from elsewhere: a socket, or another thread.
            if !signal.woken.swap(false, Ordering::AcqRel) && !clock.jump() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// The time, by the clock of the [`paused`] future that asks; by the system's anywhere else.
#[must_use]
pub fn now() -> Instant {
    current().map_or_else(Instant::now, |clock| clock.now.get())
}

/// Waits, by the clock of the [`paused`] future that does; by the system's anywhere else.
pub async fn sleep(time: Duration) {
    let mut timer = Timer::new();
    let deadline = timer.now() + time;
    poll_fn(|cx| timer.poll_sleep(cx, deadline)).await;
}

/// Waits for the deadline by the clock of the [`paused`] future that is polled; `None` if none is.
pub(crate) fn poll_sleep(cx: &Context<'_>, deadline: Instant) -> Option<Poll<()>> {
    let clock = current()?;
    if deadline <= clock.now.get() {
        return Some(Poll::Ready(()));
    }
    let mut sleepers = clock.sleepers.borrow_mut();
    let waiting: &mut Vec<Waker> = sleepers.entry(deadline).or_default();
    if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
        waiting.push(cx.waker().clone());
    }
    Some(Poll::Pending)
}

#[derive(Debug)]
struct Clock {
    now: Cell<Instant>,
    sleepers: RefCell<BTreeMap<Instant, Vec<Waker>>>,
}

impl Clock {
    /// Goes to the first deadline, and wakes who waits for it; `false` if there is none.
    fn jump(&self) -> bool {
        let Some((deadline, waiting)) = self.sleepers.borrow_mut().pop_first() else {
            return false;
        };
        self.now.set(deadline);
        waiting.into_iter().for_each(Waker::wake);
        true
    }
}

std::thread_local! {
    static CLOCK: RefCell<Option<Rc<Clock>>> = const { RefCell::new(None) };
}

fn current() -> Option<Rc<Clock>> {
    CLOCK.with_borrow(Clone::clone)
}

/// Puts back the clock that was there before.
struct Entered(Option<Rc<Clock>>);

impl Drop for Entered {
    fn drop(&mut self) {
        CLOCK.set(self.0.take());
    }
}

struct Signal {
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        self.outer.wake_by_ref();
    }
}
