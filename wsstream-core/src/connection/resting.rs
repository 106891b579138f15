//! What compression holds while nothing is compressed.
//!
//! Our own context is owed to nobody: the compressor goes, and the next message refers to nothing before
//! it. Of the peer's the window has to be kept, RFC 7692 §7.1.2, but no more than that: what inflates goes
//! between messages, and goes on from the window, as a message ends where a block ends.

use core::time::Duration;

use super::Connection;
use crate::time::Timestamp;

impl Connection {
    /// Whether there is something to be given back, some time.
    #[inline]
    pub(super) fn times_rest(&self) -> bool {
        self.deflate.as_ref().is_some_and(|codec| codec.can_rest())
    }

    /// Gives back what has not been used for a while; tells when it will have been.
    pub(super) fn poll_rest(&mut self, now: Timestamp) -> Option<Timestamp> {
        let codec = self.deflate.as_mut().filter(|codec| codec.can_rest())?;
        let since = match codec.since {
            Some(since) if !codec.used => since,
            _ => now,
        };
        (codec.used, codec.since) = (false, Some(since));
        let deadline = since + IDLE;
        if now < deadline {
            return Some(deadline);
        }
        codec.rest();
        None
    }
}

/// How long nothing is compressed or inflated until it is given back. To begin anew makes the next message
/// longer, and to go on from a window copies it.
pub(super) const IDLE: Duration = Duration::from_secs(1);
