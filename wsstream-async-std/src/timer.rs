//! The clock and timers of async-io, which async-std and smol are built on, as the pump wants them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use wsstream_core::{Timestamp, pump};

#[cfg(feature = "test-kit")]
use crate::test_kit;

#[derive(Debug)]
pub(crate) struct Timer {
    origin: Instant,
    /// Made when a deadline is waited for; in a box, as a connection that is idle waits for none.
    sleep: Option<Box<Sleep>>,
}

#[derive(Debug)]
struct Sleep {
    until: Instant,
    timer: async_io::Timer,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Self {
            origin: now(),
            sleep: None,
        }
    }

    pub(crate) fn forget_sleep(&mut self) {
        self.sleep = None;
    }
}

impl pump::Timer for Timer {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(now() - self.origin)
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let Some(deadline) = self.origin.checked_add(deadline.since_origin()) else {
            // No clock goes so far.
            return Poll::Pending;
        };
        #[cfg(feature = "test-kit")]
        if let Some(slept) = test_kit::poll_sleep(cx, deadline) {
            return slept;
        }
        let sleep = self.sleep.get_or_insert_with(|| {
            let (until, timer) = (deadline, async_io::Timer::at(deadline));
            Box::new(Sleep { until, timer })
        });
        if sleep.until != deadline {
            sleep.until = deadline;
            sleep.timer.set_at(deadline);
        }
        ready!(Pin::new(&mut sleep.timer).poll(cx));
        // It would not be ready again.
        self.sleep = None;
        Poll::Ready(())
    }
}

#[cfg(feature = "test-kit")]
fn now() -> Instant {
    test_kit::now()
}

#[cfg(not(feature = "test-kit"))]
fn now() -> Instant {
    Instant::now()
}
