//! Time as an argument.
//!
//! This crate never reads a clock. The caller tells each state machine the time.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time, as the distance from an origin. The caller chooses the origin once.
///
/// Use a monotonic clock: if it jumped, every timer could fire at once.
///
/// ```
/// use core::time::Duration;
/// use wsstream_core::Timestamp;
///
/// let start = Timestamp::from_origin(Duration::ZERO);
/// assert_eq!(start + Duration::from_secs(2) - start, Duration::from_secs(2));
/// ```
///
/// It counts nanoseconds and covers 584 years from the origin. Later times become the last one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(
    /// Nanoseconds plus one, so that `Option` costs nothing: each connection has a dozen optional ones.
    NonZeroU64,
);

impl Timestamp {
    /// The origin itself.
    pub const ORIGIN: Self = Self(NonZeroU64::MIN);

    /// The point `elapsed` after the origin.
    #[must_use]
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self::ORIGIN.after(elapsed)
    }

    /// The time from the origin to this point.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        Duration::from_nanos(self.0.get() - 1)
    }

    const fn after(self, duration: Duration) -> Self {
        let secs = duration.as_secs().saturating_mul(1_000_000_000);
        let nanos = secs.saturating_add(duration.subsec_nanos() as u64);
        Self(self.0.saturating_add(nanos))
    }
}

/// Saturates at the last point, which no program will reach.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        self.after(duration)
    }
}

/// The time between two points; zero if `earlier` is later.
impl Sub for Timestamp {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.get().saturating_sub(earlier.0.get()))
    }
}

/// Shows the time since the origin.
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({:?})", self.since_origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_to_the_last_and_no_further() {
        let at = |secs| Timestamp::from_origin(Duration::from_secs(secs));
        let last = Timestamp::from_origin(Duration::MAX);
        assert_eq!(at(0), Timestamp::ORIGIN);
        assert_eq!(at(0).since_origin(), Duration::ZERO);
        let short = Duration::new(1, 2);
        assert_eq!((at(7) + short).since_origin(), Duration::new(8, 2));
        assert_eq!(at(7) + short - at(7), short);
        assert_eq!(at(7) - (at(7) + short), Duration::ZERO);
        assert_eq!(at(7) + Duration::MAX, last);
        assert_eq!(last + short, last);
        assert!(last > at(18_446_744_073));
        // What may be missing takes no more.
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
    }
}
