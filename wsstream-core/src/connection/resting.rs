//! Releases the memory of compression while it is idle.
//!
//! Our own context can be dropped at any time: the next message then refers to nothing before it. Of
//! the peer's context only the window must be kept, RFC 7692 §7.1.2. Messages end at the end of a
//! block, so a new inflater can continue from the window.

use core::time::Duration;

use super::Connection;
use crate::time::Timestamp;

impl Connection {
    /// Whether there is memory to release at some time.
    #[inline]
    pub(super) fn times_rest(&self) -> bool {
        self.deflate.as_ref().is_some_and(|codec| codec.can_rest())
    }

    /// Releases memory that was idle for long enough. Returns when the next release is due.
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

/// How long compression must be idle before its memory is released. Restarting a context makes the next
/// message longer, and continuing from a window copies it.
pub(super) const IDLE: Duration = Duration::from_secs(1);
