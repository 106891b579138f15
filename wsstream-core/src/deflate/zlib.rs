//! zlib-rs, as this crate uses it: in place of miniz_oxide, with the feature `zlib-rs`.

use core::fmt;

use zlib_rs::{Deflate, DeflateFlush};

use super::flush::Flush;

/// The shortest message that is worth compressing, which costs less than 1 us there and back.
pub(super) const WORTH_FROM: usize = 64;

/// Whether the compressor keeps to a window by itself.
pub(super) const BOUNDS_WINDOW: bool = true;

/// What a compressor takes, at most; a test looks that it is no more.
pub(super) const COMPRESSOR_LEN: usize = 372 << 10;

pub(super) struct RawDeflate(Deflate);

impl RawDeflate {
    pub(super) fn new(level: u8, window_bits: u8) -> Self {
        // There is no window of 8 bits, but with 9 nothing refers back further than 250 octets.
        Self(Deflate::new(level.into(), false, window_bits.max(9)))
    }

    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    /// Resets what has had no room: in zlib-rs 0.6.8 that leaves some of its output behind, and panics
    /// later on.
    pub(super) fn recover(&mut self, level: u8, window_bits: u8) {
        *self = Self::new(level, window_bits);
    }

    /// How much was taken from `data`, and written to `room`.
    pub(super) fn deflate(&mut self, data: &[u8], room: &mut [u8], flush: Flush) -> (usize, usize) {
        let flush = match flush {
            Flush::None => DeflateFlush::NoFlush,
            Flush::Sync => DeflateFlush::SyncFlush,
            Flush::Full => DeflateFlush::FullFlush,
        };
        let before = (self.0.total_in(), self.0.total_out());
        // An error is no progress, which the caller sees.
        let _ = self.0.compress(data, room, flush);
        let taken = self.0.total_in() - before.0;
        let made = self.0.total_out() - before.1;
        (octets(taken), octets(made))
    }
}

impl fmt::Debug for RawDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawDeflate")
    }
}

/// A count within one buffer.
fn octets(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
