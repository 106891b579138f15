//! Whether compressing is worth it: RFC 7692 §6 leaves that to the sender, message by message.
//!
//! Much of what goes through streams is compressed or encrypted already, and trying it all would cost
//! many times what sending costs. So a stream has to prove itself on little, and who has failed is tried
//! again after a while that is long against the cost of the trial: soon at first, and later less often.

use super::raw::WORTH_FROM;

#[derive(Debug)]
pub(crate) struct Worth {
    /// Whether the last trial was worth it.
    proven: bool,
    /// How many octets went plain after the last trial that was not; 0 after one that was.
    pause: u64,
    /// How many are still to go plain before the next trial.
    plain: u64,
    /// Switched off by the application.
    off: bool,
    /// The shortest message that is tried.
    from: usize,
}

impl Worth {
    /// For messages that may refer to earlier ones, or not.
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

    /// How much of `len` octets to compress as one message; 0 if they go plain.
    pub(crate) const fn of(&self, len: usize) -> usize {
        if self.off || len < self.from || self.plain > 0 {
            0
        } else if self.proven || len < TRIAL {
            len
        } else {
            TRIAL
        }
    }

    /// So many octets went plain.
    pub(crate) const fn sent_plain(&mut self, len: usize) {
        self.plain = self.plain.saturating_sub(len as u64);
    }

    /// So many octets were compressed to so many.
    pub(crate) const fn tried(&mut self, len: usize, compressed: usize) {
        self.proven = compressed <= len - len / 16;
        if self.proven {
            self.pause = 0;
        } else {
            // Four times as long with each failure.
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

/// The shortest message that is worth compressing where nothing is referred to: a short one hardly shrinks,
/// and the codec has to be reset for each.
const WORTH_ALONE: usize = 512;

/// How much is tried first.
const TRIAL: usize = 1 << 10;

/// The longest that goes plain without a trial. A trial costs what sending some 50 KiB costs.
const LONGEST: u64 = 4 << 20;
