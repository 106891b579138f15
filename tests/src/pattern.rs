//! Octets that show what was lost, repeated or exchanged.

/// A stream of octets that is known at every place. Its period is a prime, so that the loss of what is
/// of a usual size is seen. Some of it can be compressed, and some cannot.
#[derive(Clone, Debug)]
pub struct Pattern {
    period: Vec<u8>,
    at: usize,
    total: usize,
}

impl Pattern {
    /// One of many.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut noise = noise(seed);
        let mut period = Vec::with_capacity(PERIOD + BLOCK);
        // No two lines are the same.
        for line in 0.. {
            if period.len() >= PERIOD {
                break;
            }
            if line % LINES == LINES / 2 {
                period.extend(noise.by_ref().take(BLOCK));
            }
            let text = format!("{line:>6} of {seed}: how much was lost, and what comes next?\n");
            period.extend_from_slice(text.as_bytes());
        }
        period.truncate(PERIOD);
        Self {
            period,
            at: 0,
            total: 0,
        }
    }

    /// The next octets, at least one and at most `max`.
    pub fn next(&mut self, max: usize) -> &[u8] {
        let len = max.min(PERIOD - self.at);
        let start = self.at;
        self.at = (start + len) % PERIOD;
        self.total += len;
        &self.period[start..start + len]
    }

    /// The next `len` octets.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(len);
        while octets.len() < len {
            octets.extend_from_slice(self.next(len - octets.len()));
        }
        octets
    }

    /// Compares what came with what comes next.
    ///
    /// # Panics
    ///
    /// If it is something else.
    pub fn check(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let (at, expected) = (self.total, self.next(octets.len()));
            let len = expected.len();
            assert!(octets[..len] == *expected, "wrong octets from {at} on");
            octets = &octets[len..];
        }
    }

    /// How many octets were taken or checked.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }
}

/// Octets that nothing can compress.
pub fn noise(seed: u32) -> impl Iterator<Item = u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_be_bytes()[0]
    })
}

const PERIOD: usize = 65_537;

/// After so many lines comes a block of noise.
const LINES: usize = 100;
const BLOCK: usize = 4000;
