//! When each step of a shutdown comes.

use std::time::Duration;

use wsstream_core::Timestamp;

/// The steps of a shutdown, all within its grace.
///
/// The last part of the grace is for the closing handshakes: as much as the close timeout, but at most half. In the
/// first half of this time the connections are told to close, in equal parts, so that not all of their clients come
/// back at the same moment. At the very end the tasks of those that are cut off have a moment to drop them.
#[derive(Debug)]
pub(super) struct Timetable {
    begins: Timestamp,
    grace: Duration,
    closing: Duration,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// So many of [`PARTS`] parts of the connections close.
    Close(u32),
    /// What is still open is cut off.
    CutOff,
    /// Nothing more is waited for.
    End,
}

impl Timetable {
    pub(super) fn new(begins: Timestamp, grace: Duration, close_timeout: Duration) -> Self {
        Self {
            begins,
            grace,
            closing: close_timeout.min(grace / 2),
        }
    }

    /// The first step is number 0. After the end it ends again.
    pub(super) fn step(&self, number: u32) -> (Timestamp, Step) {
        let (before_end, step) = match number {
            0..PARTS => {
                let told = self.closing / (2 * PARTS) * number;
                (self.closing - told, Step::Close(number + 1))
            }
            PARTS => {
                let leaving = LEAVING.min(self.grace / 10).min(self.closing / 4);
                (leaving, Step::CutOff)
            }
            _ => (Duration::ZERO, Step::End),
        };
        (self.begins + (self.grace - before_end), step)
    }
}

/// In so many parts, connections are told to close.
pub(super) const PARTS: u32 = 64;

/// The most time that applications get to drop streams that were cut off.
const LEAVING: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::secs;

    #[test]
    fn everything_is_within_the_grace() {
        let millis = Duration::from_millis;
        // The grace, the close timeout; when the first is told, the last, when they are cut off.
        for (grace, timeout, first, last, over) in [
            (secs(10), secs(10), secs(5), millis(7460), secs(9)),
            (secs(60), secs(10), secs(50), millis(54_921), secs(59)),
            (secs(1), secs(10), millis(500), millis(746), millis(900)),
            (secs(10), secs(2), secs(8), millis(8984), millis(9500)),
            // Nobody is cut off who was not told.
            (
                secs(20),
                millis(500),
                millis(19_500),
                millis(19_746),
                millis(19_875),
            ),
            (secs(10), secs(0), secs(10), secs(10), secs(10)),
            (secs(0), secs(10), secs(0), secs(0), secs(0)),
        ] {
            let begins = Timestamp::from_origin(secs(3));
            let timetable = Timetable::new(begins, grace, timeout);
            let at = |number| {
                let (at, step) = timetable.step(number);
                (millis((at - begins).as_millis().try_into().unwrap()), step)
            };
            assert_eq!(at(0), (first, Step::Close(1)));
            assert_eq!(at(PARTS - 1), (last, Step::Close(PARTS)));
            assert_eq!(at(PARTS), (over, Step::CutOff));
            assert_eq!(at(PARTS + 1), (grace, Step::End));
            assert_eq!(at(u32::MAX), (grace, Step::End));
        }
        for (grace, timeout) in [(secs(7), secs(9)), (Duration::MAX, Duration::MAX)] {
            let timetable = Timetable::new(Timestamp::ORIGIN, grace, timeout);
            assert!((0..PARTS + 2).is_sorted_by_key(|number| timetable.step(number).0));
        }
    }
}
