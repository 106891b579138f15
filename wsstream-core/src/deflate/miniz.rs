//! The codec miniz_oxide. The feature `zlib-rs` replaces it.

use core::fmt;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress};

use super::flush::Flush;

/// The shortest message worth compressing. Compressing and inflating a message of any length costs at
/// least 15 us or so. At 50 Mbit/s, sending the 100 octets that it saves takes as long.
pub(super) const WORTH_FROM: usize = 128;

/// Whether the compressor respects a window by itself. miniz_oxide always refers back up to 32 KiB, but
/// not across a full flush.
pub(super) const BOUNDS_WINDOW: bool = false;

/// The most memory that a compressor takes; a test checks this limit.
pub(super) const COMPRESSOR_LEN: usize = 312 << 10;

pub(super) struct RawDeflate(CompressorOxide);

impl RawDeflate {
    pub(super) fn new(level: u8, _window_bits: u8) -> Self {
        let mut raw = CompressorOxide::default();
        raw.set_format_and_level(DataFormat::Raw, level);
        Self(raw)
    }

    pub(super) fn reset(&mut self) {
        self.0.reset();
    }

    /// Resets the compressor after it ran out of room.
    pub(super) fn recover(&mut self, _level: u8, _window_bits: u8) {
        self.reset();
    }

    /// Returns how many octets were taken from `data`, and how many were written to `room`.
    pub(super) fn deflate(&mut self, data: &[u8], room: &mut [u8], flush: Flush) -> (usize, usize) {
        let flush = match flush {
            Flush::None => TDEFLFlush::None,
            Flush::Sync => TDEFLFlush::Sync,
            Flush::Full => TDEFLFlush::Full,
        };
        let (_, taken, made) = compress(&mut self.0, data, room, flush);
        (taken, made)
    }
}

impl fmt::Debug for RawDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawDeflate")
    }
}
