//! Whether compressing is worth it. RFC 7692 §6 leaves this to the sender, message by message.
//!
//! Much stream data is already compressed or encrypted. Trying to compress all of it would cost many
//! times as much as sending it. So the first trial is on little data. After a failure, the next trial
//! waits for a while that is long compared with its cost, and each further failure makes it longer.

use super::raw::WORTH_FROM;

#[derive(Debug)]
pub(crate) struct Worth {
    /// Whether the last trial succeeded.
    proven: bool,
    /// How many octets to send plain after the last failed trial; 0 after a success.
    pause: u64,
    /// How many octets remain to be sent plain before the next trial.
    plain: u64,
    /// The application switched compression off.
    off: bool,
    /// The shortest message to try.
    from: usize,
}

impl Worth {
    /// Starts for messages that may refer to earlier ones, or may not.
    pub(super) const fn new(keeps_context: bool) -> Self {
        Self {
            from: if keeps_context {
                WORTH_FROM
            } else {
                WORTH_ALONE
            },
            proven: false,
            pause: 0,
            plain: 0,
            off: false,
        }
    }

    /// How many of `len` octets to compress as one message; 0 to send them plain.
    pub(crate) const fn of(&self, len: usize) -> usize {
        if self.off || len < self.from || self.plain > 0 {
            0
        } else if self.proven || len < TRIAL {
            len
        } else {
            TRIAL
        }
    }

    /// Records that `len` octets were sent plain.
    pub(crate) const fn sent_plain(&mut self, len: usize) {
        self.plain = self.plain.saturating_sub(len as u64);
    }

    /// Records a trial: `len` octets became `compressed` octets.
    pub(crate) const fn tried(&mut self, len: usize, compressed: usize) {
        self.proven = compressed <= len - len / 16;
        if self.proven {
            self.pause = 0;
        } else {
            // Wait four times as long after each failure.
            let last = if self.pause == 0 {
                len as u64
            } else {
                self.pause
            };
            self.pause = if last < LONGEST / 4 {
                4 * last
            } else {
                LONGEST
            };
            self.plain = self.pause;
        }
    }

    pub(crate) const fn switch(&mut self, on: bool) {
        self.off = !on;
    }
}

/// The shortest message worth compressing without earlier ones to refer to. A short one hardly shrinks,
/// and the codec must be reset for each message.
const WORTH_ALONE: usize = 512;

/// The length of the first trial.
const TRIAL: usize = 1 << 10;

/// The most octets to send plain before the next trial. A trial costs as much as sending some 50 KiB.
const LONGEST: u64 = 4 << 20;
