//! The peer's messages, inflated as they come: RFC 7692 §7.2.2.

use alloc::boxed::Box;
use alloc::vec;
use core::fmt;

use super::TAIL;
use super::raw::{RawInflate, Status};

/// Inflates one message after the other into a buffer of fixed size, where the octets wait to be read,
/// and are referred to afterwards.
pub(crate) struct Decompressor {
    raw: RawInflate,
    /// `buffer[start..end]` waits; before it is what can be referred to.
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    status: Status,
}

impl Decompressor {
    pub(crate) fn new() -> Self {
        Self {
            raw: RawInflate::new(),
            buffer: vec![0; BUFFER_LEN].into_boxed_slice(),
            start: 0,
            end: 0,
            status: Status::NeedsInput,
        }
    }

    /// Forgets everything: the next message refers to nothing before it. What lies in the buffer can not
    /// be referred to any more.
    pub(crate) fn reset(&mut self) {
        self.raw.reset();
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

    /// Inflates from the front of `data` what there is room for, and tells how much of it was taken.
    /// Nothing may wait.
    pub(crate) fn inflate(&mut self, data: &[u8]) -> usize {
        self.make_room();
        let mut taken = 0;
        loop {
            let (used, made, status) = self.raw.inflate(&data[taken..], &mut self.buffer, self.end);
            taken += used;
            self.end += made;
            self.status = status;
            // A final block ends nothing: §7.2.3.4, §7.2.3.5.
            if status == Status::Final {
                self.raw.restart(&self.buffer[..self.end]);
            }
            if status != Status::Final || taken == data.len() {
                return taken;
            }
        }
    }

    /// Takes up to `max` of the octets that wait.
    pub(crate) fn take(&mut self, max: usize) -> &mut [u8] {
        let start = self.start;
        self.start += max.min(self.waiting());
        &mut self.buffer[start..self.start]
    }

    /// Ends the message, with the tail that the sender has left out. Everything given before must have
    /// been inflated. It makes nothing of the tail, unless the message was cut short.
    pub(crate) fn end_message(&mut self) {
        // Who ends a message with a final block, and does not add the octet of §7.2.3.4, means the same.
        if self.status == Status::Final {
            self.status = Status::NeedsInput;
            return;
        }
        if !self.raw.end_block(&TAIL, &mut self.buffer, self.end) {
            self.status = Status::Broken;
        }
    }

    /// Moves what can be referred to, to the front.
    fn make_room(&mut self) {
        if self.start == self.end && self.buffer.len() - self.end < MIN_ROOM {
            let from = self.end - HISTORY;
            self.buffer.copy_within(from..self.end, 0);
            (self.start, self.end) = (HISTORY, HISTORY);
        }
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

/// How far back the peer may refer, RFC 1951 §2.
const HISTORY: usize = 32 << 10;

/// As much again, so that little is moved.
const BUFFER_LEN: usize = 2 * HISTORY;

/// With less room than this it is worth moving.
const MIN_ROOM: usize = 4 << 10;
