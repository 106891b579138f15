//! Randomness as an argument: RFC 6455 §4.1 (nonce), §5.3 and §10.3 (masking keys).
//!
//! ChaCha, a CSPRNG, expands a [`Seed`], so a peer can predict neither the nonce nor the masking keys.
//! This crate has no source of randomness of its own.

use alloc::boxed::Box;
use core::fmt;

use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng, SeedableRng};

/// 32 random octets for one connection of a client.
///
/// They must come from a cryptographically strong source, such as the operating system, and be used for
/// one connection only. The same seed always gives the same octets on the wire, which helps tests and
/// fuzzing.
///
/// ```
/// # use wsstream_core::Seed;
///
/// // In a program: the operating system's randomness. In a test: anything.
/// let seed = Seed::new([7; 32]);
/// # let _ = seed;
/// ```
#[derive(Clone)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these octets.
    #[must_use]
    pub const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The nonce of the opening handshake, §4.1.
    pub(crate) fn nonce(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        self.stream(NONCE).fill_bytes(&mut nonce);
        nonce
    }

    /// The masking keys of the connection, §5.3.
    pub(crate) fn mask_keys(&self) -> MaskKeys {
        MaskKeys(Box::new(self.stream(MASK_KEYS)))
    }

    /// ChaCha's stream number separates the keys from the nonce, which is public.
    fn stream(&self, number: u64) -> ChaCha12Rng {
        let mut rng = ChaCha12Rng::from_seed(self.0);
        rng.set_stream(number);
        rng
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// An endless supply of masking keys, generated 64 at a time.
pub(crate) struct MaskKeys(Box<ChaCha12Rng>);

impl MaskKeys {
    #[inline]
    pub(crate) fn next_key(&mut self) -> [u8; 4] {
        self.0.next_u32().to_ne_bytes()
    }
}

impl fmt::Debug for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKeys(..)")
    }
}

const NONCE: u64 = 0;
const MASK_KEYS: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_octets_and_another_seed_others() {
        let keys = |octet| {
            let mut keys = Seed::new([octet; 32]).mask_keys();
            [keys.next_key(), keys.next_key()]
        };
        assert_eq!(keys(1), keys(1));
        assert_ne!(keys(1), keys(2));
        assert_ne!(keys(1)[0], keys(1)[1]);
        assert_eq!(Seed::new([1; 32]).nonce(), Seed::new([1; 32]).nonce());
    }

    #[test]
    fn the_nonce_tells_nothing_of_the_keys() {
        let seed = Seed::new([3; 32]);
        assert_ne!(seed.nonce()[..4], seed.mask_keys().next_key());
    }
}
