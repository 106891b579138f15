//! The codec zlib-rs, which replaces miniz_oxide with the feature `zlib-rs`.

use core::fmt;

use zlib_rs::{Deflate, DeflateFlush};

use super::flush::Flush;

/// The shortest message worth compressing. Compressing and inflating it costs less than 1 us.
pub(super) const WORTH_FROM: usize = 64;

/// Whether the compressor respects a window by itself.
pub(super) const BOUNDS_WINDOW: bool = true;

/// The most memory that a compressor takes; a test checks this limit.
pub(super) const COMPRESSOR_LEN: usize = 372 << 10;

pub(super) struct RawDeflate(Deflate);

impl RawDeflate {
    pub(super) fn new(level: u8, window_bits: u8) -> Self {
        // zlib-rs has no window of 8 bits, but with 9 bits nothing refers back more than 250 octets.
        Self(Deflate::new(level.into(), false, window_bits.max(9)))
    }

    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    /// Resets the compressor after it ran out of room. The reset of zlib-rs 0.6.8 then leaves some
    /// output behind, and a later call panics.
    pub(super) fn recover(&mut self, level: u8, window_bits: u8) {
        *self = Self::new(level, window_bits);
    }

    /// Returns how many octets were taken from `data`, and how many were written to `room`.
    pub(super) fn deflate(&mut self, data: &[u8], room: &mut [u8], flush: Flush) -> (usize, usize) {
        let flush = match flush {
            Flush::None => DeflateFlush::NoFlush,
            Flush::Sync => DeflateFlush::SyncFlush,
            Flush::Full => DeflateFlush::FullFlush,
        };
        let before = (self.0.total_in(), self.0.total_out());
        // An error makes no progress, which the caller notices.
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

/// A count of octets within one buffer.
fn octets(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
