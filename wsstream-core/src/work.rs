//! How much is done at a time: what a poll may do before other tasks have their turn.
//!
//! Work is counted where it is done, whoever has asked for it, so that it is the same for the same octets, and a
//! test can tell it. A unit is about what an octet costs that is inflated.

/// What is left of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// As 64 bits are, nobody spends it who has all there is.
    left: u64,
    /// What was spent in all.
    #[cfg(test)]
    pub(crate) spent: usize,
}

impl Work {
    /// So much.
    #[cfg(test)]
    pub(crate) const fn of(left: usize) -> Self {
        Self {
            left: left as u64,
            #[cfg(test)]
            spent: 0,
        }
    }

    /// As much as there is.
    pub(crate) const fn unbounded() -> Self {
        Self {
            left: u64::MAX,
            #[cfg(test)]
            spent: 0,
        }
    }

    /// Begins a turn.
    #[cfg(feature = "std")]
    pub(crate) const fn renew(&mut self) {
        self.left = Self::PER_TURN;
    }

    /// Takes off what something cost.
    #[inline]
    pub(crate) const fn spend(&mut self, units: usize) {
        self.left = self.left.saturating_sub(units as u64);
        #[cfg(test)]
        {
            self.spent += units;
        }
    }

    /// Whether nothing is left.
    #[inline]
    pub(crate) const fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// What is done before other tasks have their turn: a fraction of a millisecond.
    #[cfg(feature = "std")]
    pub(crate) const PER_TURN: u64 = 256 << 10;

    /// What a frame costs, what a deflate block costs, and what its codes cost if it brings them.
    pub(crate) const FRAME: usize = 64;
    pub(crate) const BLOCK: usize = 64;
    pub(crate) const CODES: usize = 512;
}
