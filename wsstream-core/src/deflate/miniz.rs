//! miniz_oxide, as this crate uses it. With the feature `zlib-rs` that takes its place.

use core::fmt;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress};

use super::flush::Flush;

/// The shortest message that is worth compressing. Whatever its length, it costs some 15 us there and back:
/// for those 100 octets that are saved of it as long as 50 Mbit/s take.
pub(super) const WORTH_FROM: usize = 128;

/// Whether the compressor keeps to a window by itself. miniz_oxide refers back 32 KiB, whatever it is
/// told, but not across a full flush.
pub(super) const BOUNDS_WINDOW: bool = false;

/// What a compressor takes, at most; a test looks that it is no more.
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

    /// Resets what has had no room.
    pub(super) fn recover(&mut self, _level: u8, _window_bits: u8) {
        self.reset();
    }

    /// How much was taken from `data`, and written to `room`.
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
