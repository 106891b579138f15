//! Octets from the wire that were not decoded yet.

use alloc::vec::Vec;
use core::{fmt, mem};

use super::pool;
use crate::octets::Octets;

/// A window of fixed size onto the wire. It has a buffer only while there is something in it.
#[derive(Default)]
pub(super) struct RecvBuffer {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl RecvBuffer {
    /// A buffer that begins with what was received elsewhere.
    pub(super) fn new(received: Vec<u8>) -> Self {
        let (start, end) = (0, received.len());
        let mut buffer = received;
        if (1..pool::BUFFER_LEN).contains(&end) {
            // There has to be room behind it: a read without room would look like an end.
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

    /// What was received and not taken.
    pub(super) fn unread(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..self.end]
    }

    /// Lets `take` consume the front of what is unread, and tells how much it took.
    #[inline]
    pub(super) fn take<R>(&mut self, take: impl FnOnce(&mut &mut [u8]) -> R) -> (R, usize) {
        let before = self.len();
        let mut input = &mut self.buffer[self.start..self.end];
        let result = take(&mut input);
        let taken = before - input.len();
        self.start += taken;
        (result, taken)
    }

    /// Keeps only the first `len` octets of what is unread.
    pub(super) fn truncate(&mut self, len: usize) {
        self.end = self.start + len.min(self.len());
    }

    /// Room behind what is unread; empty when there is none left.
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

    /// Tells that `count` octets were put into the [`space`](Self::space).
    #[inline]
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.buffer.len().min(self.end + count);
    }

    /// Whether there would be room without dropping anything.
    #[inline]
    pub(super) fn has_space(&self) -> bool {
        self.len() < pool::BUFFER_LEN
    }

    /// Forgets what is unread, and gives the buffer away.
    pub(super) fn clear(&mut self) {
        self.truncate(0);
        self.release();
    }

    /// Gives the buffer away if nothing is in it.
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

    /// What is unread, for whoever goes on without this buffer.
    pub(super) fn into_unread(mut self) -> Vec<u8> {
        self.unread().to_vec()
    }
}

/// Without the octets.
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

/// What is asked of the socket at a time. A power of two: systems copy whole pages fastest, and a
/// stream read in odd lengths never lies on their borders again.
const READ_LEN: usize = 64 << 10;
