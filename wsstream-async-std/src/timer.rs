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
    /// Made when a deadline is waited for.
    sleep: Option<(Instant, async_io::Timer)>,
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
        match &self.sleep {
            Some((until, _)) if *until == deadline => {}
            _ => self.sleep = Some((deadline, async_io::Timer::at(deadline))),
        }
        if let Some((_, timer)) = &mut self.sleep {
            ready!(Pin::new(timer).poll(cx));
            // It would not be ready again.
            self.sleep = None;
        }
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
