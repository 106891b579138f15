//! How open connections are ended: by a listener that shuts down, and by a tracker.

mod timetable;

use std::task::{Context, Poll, ready};
use std::time::Duration;

use wsstream_core::Timestamp;
use wsstream_core::pump::{Clock, Permits, Phase};

use self::timetable::{PARTS, Step, Timetable};

/// A shutdown that has begun: nobody gets a permit any more that is not told so.
#[derive(Debug)]
pub(crate) struct Shutdown {
    permits: Permits,
    timetable: Timetable,
    /// The number of steps that were taken.
    steps: u32,
}

impl Shutdown {
    /// Tells the connections that hold these permits, all within `grace`. See [`Timetable`].
    pub(crate) fn begin(
        permits: &Permits,
        now: Timestamp,
        grace: Duration,
        close_timeout: Duration,
    ) -> Self {
        permits.enter(Phase::Finishing);
        Self {
            permits: permits.clone(),
            timetable: Timetable::new(now, grace, close_timeout),
            steps: 0,
        }
    }

    /// Waits until all connections are gone: 0, or the number of those that are still held after the grace. `cut_off` is
    /// called when all are cut off.
    pub(crate) fn poll(
        &mut self,
        clock: &mut impl Clock,
        cx: &mut Context<'_>,
        mut cut_off: impl FnMut(),
    ) -> Poll<usize> {
        loop {
            if self.permits.poll_at_most(0, cx).is_ready() {
                return Poll::Ready(0);
            }
            let (due, step) = self.timetable.step(self.steps);
            ready!(clock.poll_sleep(cx, due));
            match step {
                Step::Close(parts) => self.permits.close_part(parts, PARTS),
                Step::CutOff => {
                    self.permits.enter(Phase::Over);
                    cut_off();
                }
                Step::End => return Poll::Ready(self.permits.taken()),
            }
            self.steps += 1;
        }
    }
}

/// Whoever waits for a shutdown no longer wants all to be over.
impl Drop for Shutdown {
    fn drop(&mut self) {
        self.permits.enter(Phase::Over);
    }
}
