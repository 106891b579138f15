//! A clock that jumps ahead while everybody waits, for tests (feature `test-kit`).
//!
//! With it a test sees what happens after a timeout of hours, at once and to the millisecond, as with
//! tokio's paused clock. The timers of this crate go by it: handshake limits, keepalive, closing.
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

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use wsstream_core::pump::Clock as _;

use crate::clock::AsyncIoClock;
use crate::paused::{self, Paused};

/// Runs a future on a clock of its own. The clock stands still while there is something to do, and then jumps
/// to the first time at which there is something to do again.
///
/// What the future does itself is on that clock, and so are the tasks that it polls: those of an executor
/// whose `run` it awaits. Tasks that others poll are not; nor are timers other than those of this crate's
/// connections and of [`sleep`].
pub async fn paused<F: Future>(future: F) -> F::Output {
    let clock = Paused::new();
    let mut future = pin!(future);
    poll_fn(|cx| {
        let _entered = clock.enter();
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
    paused::now()
}

/// Waits, by the clock of the [`paused`] future that does; by the system's anywhere else.
pub async fn sleep(time: Duration) {
    let mut clock = AsyncIoClock::new();
    let deadline = clock.now() + time;
    poll_fn(|cx| clock.poll_sleep(cx, deadline)).await;
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
