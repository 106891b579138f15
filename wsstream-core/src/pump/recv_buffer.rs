//! Received octets that are not decoded yet.

use alloc::vec::Vec;
use core::{fmt, mem};

use super::pool;
use crate::octets::Octets;

/// A buffer of fixed size for received octets. It holds memory only while there is something in it.
#[derive(Default)]
pub(super) struct RecvBuffer {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl RecvBuffer {
    /// A buffer that starts with octets received earlier.
    pub(super) fn new(received: Vec<u8>) -> Self {
        let (start, end) = (0, received.len());
        let mut buffer = received;
        if (1..pool::BUFFER_LEN).contains(&end) {
            // Make room behind it: a read into an empty slice would look like the end.
            let received = mem::replace(&mut buffer, pool::take());
            buffer[..end].copy_from_slice(&received);
        }
        Self { buffer, start, end }
    }

    #[inline]
    pub(super) const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    #[inline]
    pub(super) const fn len(&self) -> usize {
        self.end - self.start
    }

    /// The unread octets.
    pub(super) fn unread(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..self.end]
    }

    /// Lets `take` consume unread octets from the front. Also returns how many it took.
    #[inline]
    pub(super) fn take<R>(&mut self, take: impl FnOnce(&mut &mut [u8]) -> R) -> (R, usize) {
        let before = self.len();
        let mut input = &mut self.buffer[self.start..self.end];
        let result = take(&mut input);
        let taken = before - input.len();
        self.start += taken;
        (result, taken)
    }

    /// Keeps only the first `len` unread octets.
    pub(super) fn truncate(&mut self, len: usize) {
        self.end = self.start + len.min(self.len());
    }

    /// The room behind the unread octets. Empty if none is left.
    #[inline]
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.buffer.is_empty() {
            self.buffer = pool::take();
        }
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let end = self.buffer.len().min(self.end + READ_LEN);
        &mut self.buffer[self.end..end]
    }

    /// Adds `count` octets that were written to the [`space`](Self::space).
    #[inline]
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.buffer.len().min(self.end + count);
    }

    /// Whether there is room for more octets.
    #[inline]
    pub(super) fn has_space(&self) -> bool {
        self.len() < pool::BUFFER_LEN
    }

    /// Discards the unread octets, and gives the buffer back to the pool.
    pub(super) fn clear(&mut self) {
        self.truncate(0);
        self.release();
    }

    /// Gives the buffer back to the pool if it is empty.
    #[inline]
    pub(super) fn release(&mut self) {
        if self.is_empty() && !self.buffer.is_empty() {
            (self.start, self.end) = (0, 0);
            pool::give(mem::take(&mut self.buffer));
        }
    }

    #[cfg(test)]
    pub(super) const fn has_buffer(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Copies the unread octets out.
    pub(super) fn into_unread(mut self) -> Vec<u8> {
        self.unread().to_vec()
    }
}

/// Prints lengths instead of octets.
impl fmt::Debug for RecvBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecvBuffer")
            .field(&Octets(self.len()))
            .finish()
    }
}

impl Drop for RecvBuffer {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The most octets of one read. A power of two, because systems copy whole pages fastest, and after a read of an odd
/// length a stream is never aligned to pages again.
const READ_LEN: usize = 64 << 10;
