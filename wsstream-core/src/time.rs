//! Time as an argument.
//!
//! Nothing in this crate reads a clock. Who drives a machine tells it the time.

use core::ops::{Add, Sub};
use core::time::Duration;

/// A point in time, as the distance from an origin that the caller chooses once and keeps.
///
/// It must come from a monotonic clock: a clock that jumps would fire every timer at once.
///
/// ```
/// use core::time::Duration;
/// use wsstream_core::Timestamp;
///
/// let start = Timestamp::from_origin(Duration::ZERO);
/// assert_eq!(start + Duration::from_secs(2) - start, Duration::from_secs(2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(Duration);

impl Timestamp {
    /// The origin itself.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// The point `elapsed` after the origin.
    #[must_use]
    pub const fn from_origin(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long after the origin this is.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }
}

/// Saturates at the largest `Duration`, which no program lives to see.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// The time between two points, zero if `earlier` is the later one.
impl Sub for Timestamp {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}
