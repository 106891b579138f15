//! The clock and timers of async-io, which async-std and smol are built on.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use async_io::Timer;
use wsstream_core::Timestamp;
use wsstream_core::pump::Clock;
#[cfg(feature = "test-kit")]
use wsstream_net::test_kit;

/// The clock of a connection, with async-io's timers, which run under any executor.
///
/// Neither async-std nor smol limits how long a task goes on. So each clock counts the turns of its connection, and
/// lets other tasks have theirs after 128.
///
/// ```
/// # use wsstream_core::pump::Clock;
/// # use wsstream_net::Runtime;
/// use wsstream_async_std::{AsyncIoClock, AsyncStd};
///
/// let clock: AsyncIoClock = AsyncStd::clock();
/// ```
#[derive(Debug)]
pub struct AsyncIoClock {
    origin: Instant,
    /// What is waited for, and the timer: made when somebody sleeps. In a box, as an idle connection does not.
    sleep: Option<Box<(Instant, Timer)>>,
    /// How often this was somebody's turn since it last was not.
    turns: u8,
}

impl AsyncIoClock {
    pub(crate) fn new() -> Self {
        Self {
            origin: now(),
            sleep: None,
            turns: 0,
        }
    }
}

impl Clock for AsyncIoClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(now() - self.origin)
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        let Some(until) = self.origin.checked_add(deadline.since_origin()) else {
            // No clock goes so far.
            return Poll::Pending;
        };
        #[cfg(feature = "test-kit")]
        if let Some(slept) = test_kit::poll_sleep(cx, until) {
            return slept;
        }
        let begin = || Box::new((until, Timer::at(until)));
        let (awaited, timer) = &mut **self.sleep.get_or_insert_with(begin);
        if *awaited != until {
            *awaited = until;
            timer.set_at(until);
        }
        ready!(Pin::new(timer).poll(cx));
        // It would not be ready again.
        self.sleep = None;
        Poll::Ready(())
    }

    fn forget_sleep(&mut self) {
        self.sleep = None;
    }

    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.turns == TURNS {
            self.turns = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.turns += 1;
        Poll::Ready(())
    }
}

fn now() -> Instant {
    #[cfg(feature = "test-kit")]
    return test_kit::now();
    #[cfg(not(feature = "test-kit"))]
    Instant::now()
}

/// As many as tokio gives a task.
const TURNS: u8 = 128;

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_connection_has_so_many_turns_until_others_have_theirs() {
        let mut clock = AsyncIoClock::new();
        let cx = &mut Context::from_waker(Waker::noop());
        for _ in 0..3 {
            let turns = (0..1000).take_while(|_| clock.poll_proceed(cx).is_ready());
            assert_eq!(turns.count(), usize::from(TURNS));
        }
    }
}
