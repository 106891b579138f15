//! Whether compressing is worth it: RFC 7692 §6 leaves that to the sender, message by message.
//!
//! Much of what goes through streams is compressed or encrypted already, and trying it all would cost
//! many times what sending costs. So a stream has to prove itself on little, and who has failed is tried
//! again after a while that is long against the cost of the trial: soon at first, and later less often.

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
}

impl Worth {
    pub(super) const fn new() -> Self {
        Self {
            proven: false,
            pause: 0,
            plain: 0,
            off: false,
        }
    }

    /// How much of `len` octets to compress as one message; 0 if they go plain.
    pub(crate) const fn of(&self, len: usize) -> usize {
        if self.off || len < MIN_LEN || self.plain > 0 {
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
            // Twice as long with each failure.
            self.pause = if self.pause == 0 {
                len as u64
            } else {
                self.pause
            };
            self.pause = if self.pause < LONGEST / 2 {
                2 * self.pause
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

/// Shorter messages go plain: they gain nothing that is worth two system calls' time.
const MIN_LEN: usize = 64;

/// How much is tried first.
const TRIAL: usize = 2 << 10;

/// The longest that goes plain without a trial. A trial costs about thirty times what sending costs, and
/// may cost a hundredth.
const LONGEST: u64 = 2 << 20;
