//! tokio's clock, as the pump wants it.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};
use wsstream_core::{Timestamp, pump};

#[derive(Debug)]
pub(crate) struct Timer {
    origin: Instant,
    /// Made when a deadline is first waited for.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            sleep: None,
        }
    }

    pub(crate) fn forget_sleep(&mut self) {
        self.sleep = None;
    }
}

impl pump::Timer for Timer {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(self.origin.elapsed())
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let Some(deadline) = self.origin.checked_add(deadline.since_origin()) else {
            // No clock goes so far.
            return Poll::Pending;
        };
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep.as_mut().poll(cx)
    }
}
