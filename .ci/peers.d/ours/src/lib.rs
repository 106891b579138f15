//! What both programs share.

use sha1::{Digest, Sha1};

/// `SplitMix64` as a stream of octets.
#[derive(Debug)]
pub struct Octets(u64);

impl Octets {
    /// The same seed gives the same octets.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next ones.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(len + 7);
        while octets.len() < len {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            octets.extend_from_slice(&(z ^ z >> 31).to_le_bytes());
        }
        octets.truncate(len);
        octets
    }
}

/// A hash that grows.
#[derive(Clone, Debug, Default)]
pub struct Hash(Sha1);

impl Hash {
    /// Adds octets.
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The digits.
    #[must_use]
    pub fn hex(self) -> String {
        let octets = self.0.finalize();
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }
}
