//! The wait after a failure to accept.

use std::mem;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use wsstream_core::Timestamp;
use wsstream_core::pump::Clock;

/// The wait after a failure to accept, doubled each time.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    /// The last wait; zero after a success.
    delay: Duration,
    until: Option<Timestamp>,
}

impl BackOff {
    /// Waits until the next attempt is due.
    pub(super) fn poll(&mut self, clock: &mut impl Clock, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(until) = self.until {
            ready!(clock.poll_sleep(cx, until));
            self.until = None;
        }
        Poll::Ready(())
    }

    pub(super) const fn succeeded(&mut self) {
        self.delay = Duration::ZERO;
    }

    pub(super) fn failed(&mut self, now: Timestamp) {
        let delay = mem::take(&mut self.delay) * 2;
        self.delay = delay.clamp(FIRST_DELAY, LAST_DELAY);
        self.until = Some(now + self.delay);
    }

    /// Makes the next attempt due at once.
    pub(super) const fn hurry(&mut self) {
        self.until = None;
    }
}

// With no sockets left, others have to be closed first, which takes a while.
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LAST_DELAY: Duration = Duration::from_secs(1);
