//! Limits the work of one turn, after which other tasks run.
//!
//! Work is counted where it is done, so the count depends only on the octets, and tests can check it.
//! One unit is about the cost of inflating one octet.

/// The work that is left in this turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// 64 bits are enough: [`unbounded`](Self::unbounded) work is never spent.
    left: u64,
    /// The total work spent.
    #[cfg(test)]
    pub(crate) spent: usize,
}

impl Work {
    /// Work of `left` units.
    #[cfg(test)]
    pub(crate) const fn of(left: usize) -> Self {
        Self {
            left: left as u64,
            #[cfg(test)]
            spent: 0,
        }
    }

    /// Work without a limit.
    pub(crate) const fn unbounded() -> Self {
        Self {
            left: u64::MAX,
            #[cfg(test)]
            spent: 0,
        }
    }

    /// Starts a new turn.
    #[cfg(feature = "std")]
    pub(crate) const fn renew(&mut self) {
        self.left = Self::PER_TURN;
    }

    /// Subtracts the cost of some work.
    #[inline]
    pub(crate) const fn spend(&mut self, units: usize) {
        self.left = self.left.saturating_sub(units as u64);
        #[cfg(test)]
        {
            self.spent += units;
        }
    }

    /// Whether no work is left.
    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// The work of one turn: a fraction of a millisecond.
    #[cfg(feature = "std")]
    pub(crate) const PER_TURN: u64 = 256 << 10;

    /// The cost of a frame, of a deflate block, and of a block's own codes.
    pub(crate) const FRAME: usize = 64;
    pub(crate) const BLOCK: usize = 64;
    pub(crate) const CODES: usize = 512;
}
