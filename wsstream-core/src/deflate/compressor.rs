//! Compresses our messages: RFC 7692 §7.2.1.

use super::flush::Flush;
use super::parameters::MAX_WINDOW_BITS;
use super::raw::{BOUNDS_WINDOW, RawDeflate};

/// Compresses messages, with no reference further back than the window.
#[derive(Debug)]
pub(crate) struct Compressor {
    raw: RawDeflate,
    level: u8,
    window_bits: u8,
    /// Octets since the last full flush. If the codec does not respect a window, it must forget
    /// everything before this exceeds the window.
    remembered: usize,
    /// Whether it ran out of room and must be reset.
    failed: bool,
}

/// Receives compressed octets, as long as there is room.
pub(crate) struct Sink<'a> {
    room: &'a mut [u8],
    len: usize,
}

impl<'a> Sink<'a> {
    pub(crate) const fn new(room: &'a mut [u8]) -> Self {
        Self { room, len: 0 }
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// The length without the tail of a flush, §7.2.1.
    pub(crate) fn len_without_tail(&self) -> Option<usize> {
        let octets = self.room[..self.len].strip_suffix(&TAIL)?;
        Some(octets.len())
    }
}

impl Compressor {
    pub(crate) fn new(level: u8, window_bits: u8) -> Self {
        Self {
            raw: RawDeflate::new(level, window_bits),
            level,
            window_bits,
            remembered: 0,
            failed: false,
        }
    }

    /// Whether it was created for these settings.
    #[cfg(feature = "std")]
    pub(crate) const fn is_for(&self, level: u8, window_bits: u8) -> bool {
        self.level == level && self.window_bits == window_bits
    }

    /// Forgets earlier input: the next message refers to nothing before it.
    pub(crate) fn reset(&mut self) {
        if self.failed {
            self.raw.recover(self.level, self.window_bits);
        } else {
            self.raw.reset();
        }
        self.remembered = 0;
        self.failed = false;
    }

    /// Compresses a piece of a message. Returns `false` if the output does not fit; the only valid call
    /// is then [`reset`](Self::reset).
    pub(crate) fn push(&mut self, mut data: &[u8], sink: &mut Sink<'_>) -> bool {
        while !data.is_empty() {
            if self.remembered == self.window() {
                if !self.run(&[], Flush::Full, sink) {
                    return false;
                }
                self.remembered = 0;
            }
            let (piece, rest) = data.split_at(data.len().min(self.window() - self.remembered));
            if !self.run(piece, Flush::None, sink) {
                return false;
            }
            if self.window() < usize::MAX {
                self.remembered += piece.len();
            }
            data = rest;
        }
        true
    }

    /// Ends a piece, so that the receiver can inflate all of it. The output ends with [`TAIL`].
    pub(crate) fn flush(&mut self, sink: &mut Sink<'_>) -> bool {
        if self.remembered == self.window() {
            self.remembered = 0;
            return self.run(&[], Flush::Full, sink);
        }
        self.run(&[], Flush::Sync, sink)
    }

    /// After how many octets everything must be forgotten.
    const fn window(&self) -> usize {
        if BOUNDS_WINDOW || self.window_bits == MAX_WINDOW_BITS {
            usize::MAX
        } else {
            1 << self.window_bits
        }
    }

    fn run(&mut self, mut data: &[u8], flush: Flush, sink: &mut Sink<'_>) -> bool {
        loop {
            let room = &mut sink.room[sink.len..];
            let (taken, made) = self.raw.deflate(data, room, flush);
            let full = made == room.len();
            sink.len += made;
            data = &data[taken..];
            // If room is left, the codec has written everything.
            if !full && data.is_empty() {
                return true;
            }
            if full || (taken == 0 && made == 0) {
                self.failed = true;
                return false;
            }
        }
    }
}

/// The octets that end every flushed message, and that are not sent, §7.2.1.
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];
