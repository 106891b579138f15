//! Inflates the peer's messages as they arrive: RFC 7692 §7.2.2.

use alloc::vec::Vec;
use core::fmt;

use super::inflater::Inflater;
use super::status::Status;
use crate::work::Work;

/// Inflates messages into a bounded buffer. The octets wait there to be read, and later messages may
/// refer to them. The buffer grows with its content, so a connection that resets it between short
/// messages stays small.
pub(crate) struct Decompressor {
    inflater: Inflater,
    /// `buffer[start..end]` waits to be read; references may go to the octets before `start`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    status: Status,
    window_bits: u8,
}

impl Decompressor {
    /// For messages that refer back at most 2 to the power of `window_bits` octets.
    pub(crate) fn new(window_bits: u8) -> Self {
        Self {
            inflater: Inflater::new(1 << window_bits),
            buffer: Vec::new(),
            start: 0,
            end: 0,
            status: Status::NeedsInput,
            window_bits,
        }
    }

    /// The most memory that a decompressor takes, with everything that belongs to it.
    pub(crate) const fn len(window_bits: u8) -> usize {
        buffer_len(window_bits) + size_of::<Self>()
    }

    /// Whether it was created for this window.
    #[cfg(feature = "std")]
    pub(crate) const fn is_for(&self, window_bits: u8) -> bool {
        self.window_bits == window_bits
    }

    /// The octets that the next message may refer to. Call this only between messages.
    pub(crate) fn window(&self) -> &[u8] {
        let inflated = &self.buffer[..self.end];
        &inflated[inflated.len().saturating_sub(1 << self.window_bits)..]
    }

    /// Continues between messages from the [`window`](Self::window) of another decompressor. Call this
    /// before inflating anything.
    pub(crate) fn resume(&mut self, window: &[u8]) {
        if !window.is_empty() {
            if self.buffer.len() < window.len() {
                self.grow(2 * window.len());
            }
            self.buffer[..window.len()].copy_from_slice(window);
            (self.start, self.end) = (window.len(), window.len());
        }
    }

    /// Forgets everything: the next message refers to nothing before it, so references into the buffer
    /// become invalid.
    pub(crate) fn reset(&mut self) {
        self.inflater.reset();
        (self.start, self.end) = (0, 0);
        self.status = Status::NeedsInput;
    }

    /// How many octets wait to be read.
    pub(crate) const fn waiting(&self) -> usize {
        self.end - self.start
    }

    /// Whether the input was not deflate data. The waiting octets come from before the fault.
    pub(crate) const fn is_broken(&self) -> bool {
        matches!(self.status, Status::Broken)
    }

    /// Whether earlier input has more output, which did not fit.
    pub(crate) const fn has_more(&self) -> bool {
        matches!(self.status, Status::NeedsRoom)
    }

    /// Inflates from the front of `data` as much as fits, while `work` is left. Returns how much of
    /// `data` it took. No octets may be waiting.
    pub(crate) fn inflate(&mut self, data: &[u8], work: &mut Work) -> usize {
        self.make_room();
        let inflated = self
            .inflater
            .inflate(data, &mut self.buffer, self.end, work);
        let (taken, made, status) = inflated;
        self.end += made;
        self.status = status;
        taken
    }

    /// Takes up to `max` of the waiting octets.
    pub(crate) fn take(&mut self, max: usize) -> &mut [u8] {
        let start = self.start;
        self.start += max.min(self.waiting());
        &mut self.buffer[start..self.start]
    }

    /// Ends the message, after everything before was inflated. The message is broken if it was cut
    /// short.
    pub(crate) const fn end_message(&mut self) {
        self.status = if self.inflater.end_message() {
            Status::NeedsInput
        } else {
            Status::Broken
        };
    }

    /// Moves the window to the front of the buffer, unless the buffer may grow.
    fn make_room(&mut self) {
        if self.start < self.end || self.buffer.len() - self.end >= MIN_ROOM {
            return;
        }
        if self.buffer.len() < buffer_len(self.window_bits) {
            self.grow(2 * self.buffer.len());
        } else {
            let history = 1 << self.window_bits;
            let from = self.end - history;
            self.buffer.copy_within(from..self.end, 0);
            (self.start, self.end) = (history, history);
        }
    }

    /// Grows the buffer to `len` octets, within its bounds.
    fn grow(&mut self, len: usize) {
        let len = len.clamp(FIRST_LEN, buffer_len(self.window_bits));
        self.buffer.reserve_exact(len - self.buffer.len());
        self.buffer.resize(len, 0);
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor")
            .field("waiting", &self.waiting())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Twice the window, so that moves are rare.
const fn buffer_len(window_bits: u8) -> usize {
    let window: usize = 1 << window_bits;
    window
        + if window < 2 * MIN_ROOM {
            2 * MIN_ROOM
        } else {
            window
        }
}

/// The initial length, a power of two.
const FIRST_LEN: usize = 8 << 10;

/// Move the window if there is less room than this.
const MIN_ROOM: usize = 4 << 10;
