//! The peer's messages, inflated as they come: RFC 7692 §7.2.2.

use alloc::vec::Vec;
use core::fmt;

use super::inflater::Inflater;
use super::status::Status;
use crate::work::Work;

/// Inflates one message after the other into a buffer of bounded size, where the octets wait to be read,
/// and are referred to afterwards. It grows with what is made: who forgets everything between short messages
/// pays for no more.
pub(crate) struct Decompressor {
    inflater: Inflater,
    /// `buffer[start..end]` waits; before it is what can be referred to.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    status: Status,
    window_bits: u8,
}

impl Decompressor {
    /// For messages that refer back no further than 2 to the power of `window_bits` octets.
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

    /// What one takes, at most, with all that belongs to it.
    pub(crate) const fn len(window_bits: u8) -> usize {
        buffer_len(window_bits) + size_of::<Self>()
    }

    /// Whether it was made for this.
    #[cfg(feature = "std")]
    pub(crate) const fn is_for(&self, window_bits: u8) -> bool {
        self.window_bits == window_bits
    }

    /// What the next message may refer to. To be asked between messages.
    pub(crate) fn window(&self) -> &[u8] {
        let inflated = &self.buffer[..self.end];
        &inflated[inflated.len().saturating_sub(1 << self.window_bits)..]
    }

    /// Goes on between messages, from the [`window`](Self::window) of another. To be called before anything is
    /// inflated.
    pub(crate) fn resume(&mut self, window: &[u8]) {
        if !window.is_empty() {
            if self.buffer.len() < window.len() {
                self.grow(2 * window.len());
            }
            self.buffer[..window.len()].copy_from_slice(window);
            (self.start, self.end) = (window.len(), window.len());
        }
    }

    /// Forgets everything: the next message refers to nothing before it. What lies in the buffer can not
    /// be referred to any more.
    pub(crate) fn reset(&mut self) {
        self.inflater.reset();
        (self.start, self.end) = (0, 0);
        self.status = Status::NeedsInput;
    }

    /// How many octets wait to be read.
    pub(crate) const fn waiting(&self) -> usize {
        self.end - self.start
    }

    /// Whether what was given is no deflate data. What waits came before that.
    pub(crate) const fn is_broken(&self) -> bool {
        matches!(self.status, Status::Broken)
    }

    /// Whether there is more to come of what was given already: it had no room.
    pub(crate) const fn has_more(&self) -> bool {
        matches!(self.status, Status::NeedsRoom)
    }

    /// Inflates from the front of `data` what there is room for, as long as there is `work` left, and tells how
    /// much of it was taken. Nothing may wait.
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

    /// Takes up to `max` of the octets that wait.
    pub(crate) fn take(&mut self, max: usize) -> &mut [u8] {
        let start = self.start;
        self.start += max.min(self.waiting());
        &mut self.buffer[start..self.start]
    }

    /// Ends the message. Everything given before must have been inflated. It is broken if it was cut short.
    pub(crate) const fn end_message(&mut self) {
        self.status = if self.inflater.end_message() {
            Status::NeedsInput
        } else {
            Status::Broken
        };
    }

    /// Moves what can be referred to, to the front, unless the buffer may grow.
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

    /// Has the buffer grow to this, within its bounds and no further.
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

/// What can be referred to, and as much again, so that little is moved.
const fn buffer_len(window_bits: u8) -> usize {
    let window: usize = 1 << window_bits;
    window
        + if window < 2 * MIN_ROOM {
            2 * MIN_ROOM
        } else {
            window
        }
}

/// What there is at first. A power of two.
const FIRST_LEN: usize = 8 << 10;

/// With less room than this it is worth moving.
const MIN_ROOM: usize = 4 << 10;
