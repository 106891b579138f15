//! Masking: RFC 6455 §5.3.
//!
//! [`Mask`] XORs payload with a key, piece by piece, in place or while copying. [`Seed`](crate::Seed)
//! generates the keys.

use core::fmt;

/// A masking key and the current position in it.
///
/// ```
/// use wsstream_core::Mask;
///
/// let mut mask = Mask::new([0x37, 0xfa, 0x21, 0x3d]);
/// let mut text = *b"\x7f\x9f\x4d\x51\x58";
/// mask.apply(&mut text[..2]);
/// mask.apply(&mut text[2..]);
/// assert_eq!(&text, b"Hello");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Mask {
    /// The key as a little-endian number, rotated so that its first octet is the next to use.
    key: u32,
}

impl Mask {
    /// The key for an unmasked frame. Applying it changes nothing and costs nothing.
    pub const NONE: Self = Self::new([0; 4]);

    /// A mask at the first octet of `key`.
    #[inline]
    #[must_use]
    pub const fn new(key: [u8; 4]) -> Self {
        let key = u32::from_le_bytes(key);
        Self { key }
    }

    /// Masks or unmasks the next `data.len()` octets of the payload in place.
    #[inline]
    pub fn apply(&mut self, data: &mut [u8]) {
        if *self == Self::NONE {
            return;
        }
        let word = self.word();
        let (words, rest) = data.as_chunks_mut::<8>();
        for octets in words {
            *octets = (u64::from_le_bytes(*octets) ^ word).to_le_bytes();
        }
        for (octet, key) in rest.iter_mut().zip(word.to_le_bytes()) {
            *octet ^= key;
        }
        self.skip(data.len());
    }

    /// Masks or unmasks the next octets of the payload while copying them. Returns how many:
    /// `min(from.len(), to.len())`.
    #[inline]
    pub fn copy(&mut self, from: &[u8], to: &mut [u8]) -> usize {
        let len = from.len().min(to.len());
        let (from, to) = (&from[..len], &mut to[..len]);
        if *self == Self::NONE {
            to.copy_from_slice(from);
            return len;
        }
        let word = self.word();
        let (from_words, from_rest) = from.as_chunks::<8>();
        let (to_words, to_rest) = to.as_chunks_mut::<8>();
        for (to, from) in to_words.iter_mut().zip(from_words) {
            *to = (u64::from_le_bytes(*from) ^ word).to_le_bytes();
        }
        for ((to, from), key) in to_rest.iter_mut().zip(from_rest).zip(word.to_le_bytes()) {
            *to = from ^ key;
        }
        self.skip(len);
        len
    }

    const fn word(self) -> u64 {
        self.key as u64 * 0x1_0000_0001
    }

    /// Skips `len` octets of the payload.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "of less than 4")]
    pub(crate) const fn skip(&mut self, len: usize) {
        self.key = self.key.rotate_right(8 * (len % 4) as u32);
    }
}

/// Omits the key, which could unmask recorded traffic.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn s5_3_any_cut_masks_as_octet_by_octet(
            data: Vec<u8>, key: [u8; 4], cuts in prop::collection::vec(0..40usize, 0..8),
        ) {
            let expected: Vec<u8> =
                data.iter().enumerate().map(|(i, octet)| octet ^ key[i % 4]).collect();
            let (mut in_place, mut copied) = (data.clone(), vec![0; data.len()]);
            let (mut one, mut two) = (Mask::new(key), Mask::new(key));
            let mut at = 0;
            for len in cuts.into_iter().chain([usize::MAX]) {
                let end = at + len.min(data.len() - at);
                one.apply(&mut in_place[at..end]);
                prop_assert_eq!(two.copy(&data[at..end], &mut copied[at..]), end - at);
                at = end;
            }
            prop_assert_eq!(&in_place, &expected);
            prop_assert_eq!(&copied, &expected);
        }
    }
}
