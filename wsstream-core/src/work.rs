//! How much is done at a time.

/// What is left of the work that is done before other tasks have their turn, in octets inflated or their like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work(usize);

impl Work {
    /// So much.
    #[cfg(test)]
    pub(crate) const fn of(octets: usize) -> Self {
        Self(octets)
    }

    /// As much as there is.
    pub(crate) const fn unbounded() -> Self {
        Self(usize::MAX)
    }

    /// Takes off what something cost.
    pub(crate) const fn spend(&mut self, octets: usize) {
        if self.0 < usize::MAX {
            self.0 = self.0.saturating_sub(octets);
        }
    }

    /// Whether nothing is left.
    pub(crate) const fn is_spent(&self) -> bool {
        self.0 == 0
    }
}
