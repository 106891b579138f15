//! miniz_oxide, as this crate uses it. With the feature `zlib-rs` that takes its place.

use alloc::boxed::Box;
use core::fmt;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, compress};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

use super::raw::{Flush, Status};

/// The shortest message that is worth compressing. Whatever its length, it costs some 15 us there and back:
/// for those 100 octets that are saved of it as long as 50 Mbit/s take.
pub(super) const WORTH_FROM: usize = 128;

/// Whether the compressor keeps to a window by itself. miniz_oxide refers back 32 KiB, whatever it is
/// told, but not across a full flush.
pub(super) const BOUNDS_WINDOW: bool = false;

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

pub(super) struct RawInflate(Box<DecompressorOxide>);

impl RawInflate {
    pub(super) fn new() -> Self {
        Self(Box::default())
    }

    pub(super) fn reset(&mut self) {
        self.0.init();
    }

    /// Begins a new stream behind `_history`, which it may refer to.
    pub(super) fn restart(&mut self, _history: &[u8]) {
        // The history is where it was.
        self.0.init();
    }

    /// Inflates to `buffer[at..]`; what is before may be referred to. How much was taken and made.
    pub(super) fn inflate(
        &mut self,
        data: &[u8],
        buffer: &mut [u8],
        at: usize,
    ) -> (usize, usize, Status) {
        let (status, taken, made) = decompress(&mut self.0, data, buffer, at, FLAGS);
        let status = match status {
            TINFLStatus::NeedsMoreInput => Status::NeedsInput,
            TINFLStatus::HasMoreOutput => Status::NeedsRoom,
            TINFLStatus::Done => Status::Final,
            _ => Status::Broken,
        };
        (taken, made, status)
    }

    /// Whether `tail` ends a block, and adds nothing.
    pub(super) fn end_block(&mut self, tail: &[u8], buffer: &mut [u8], at: usize) -> bool {
        let flags = FLAGS | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
        let (status, taken, made) = decompress(&mut self.0, tail, buffer, at, flags);
        status == TINFLStatus::BlockBoundary && taken == tail.len() && made == 0
    }
}

impl fmt::Debug for RawInflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawInflate")
    }
}

/// Without wrapping it knows how far back there is something, and refuses what refers further.
const FLAGS: u32 = TINFL_FLAG_HAS_MORE_INPUT | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
