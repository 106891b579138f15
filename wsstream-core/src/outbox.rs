//! Octets on their way to the peer.
//!
//! [`Outbox`] holds the frames that wait to be written. It holds whole frames only, so after writing
//! all of it you are between frames. [`Connection`](crate::Connection) fills it, and limits its length.

use alloc::vec::Vec;
use core::{fmt, mem};

use crate::frame::Header;
use crate::octets::Octets;

/// The octets that wait to be written to the transport, in order.
///
/// ```
/// use wsstream_core::{ConnectionConfig, Connection, DataKind};
///
/// let mut connection = Connection::without_extensions(ConnectionConfig::new(), None);
/// connection.send(DataKind::Binary, b"hello", true)?;
/// let outbox = connection.outbox();
/// assert_eq!(outbox.octets(), b"\x82\x05hello");
/// outbox.consume(7);
/// assert!(outbox.is_empty());
/// # Ok::<(), wsstream_core::Closed>(())
/// ```
#[derive(Default)]
pub struct Outbox {
    /// `buffer[start..end]` waits; the octets after `end` are zeroed room.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    written: u64,
}

impl Outbox {
    /// The limit for data: a frame of 64 KiB fits.
    pub(crate) const MAX_DATA: usize = (64 << 10) + Header::MAX_LEN;

    /// The limit for data and control frames.
    pub(crate) const MAX_LEN: usize = Self::MAX_DATA + 512;

    /// The next octets to write.
    #[inline]
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// How many octets wait.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether no octets wait.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Removes the written octets from the front: `count` octets, or all if there are fewer.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        let count = count.min(self.len());
        self.start += count;
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        self.wrote(count);
    }

    /// Releases the buffer for others to use if no octets wait: an idle connection needs none.
    /// Otherwise returns an empty buffer.
    #[inline]
    #[must_use]
    pub fn take_buffer(&mut self) -> Vec<u8> {
        if self.is_empty() {
            mem::take(&mut self.buffer)
        } else {
            Vec::new()
        }
    }

    /// Lends a buffer to an outbox that has none. Only the buffer's length matters. Without one, the
    /// outbox allocates what it needs.
    pub fn lend_buffer(&mut self, buffer: Vec<u8>) {
        if self.buffer.is_empty() {
            self.buffer = buffer;
        }
    }

    /// Whether it has a buffer.
    #[inline]
    #[must_use]
    pub const fn has_buffer(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Throws away the waiting octets, because nobody takes them.
    #[inline]
    pub(crate) const fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }

    /// Counts octets that were written without going through the outbox.
    #[inline]
    pub(crate) const fn wrote(&mut self, count: usize) {
        self.written += count as u64;
    }

    /// The total number of octets written.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// Appends `len` octets for the caller to fill in.
    #[inline]
    pub(crate) fn push(&mut self, len: usize) -> &mut [u8] {
        self.spare(len);
        let at = self.end;
        self.end += len;
        &mut self.buffer[at..self.end]
    }

    /// Appends `len` octets of the [`spare`](Self::spare) room, from `distance` octets behind the end.
    pub(crate) fn push_spare(&mut self, distance: usize, len: usize) -> &mut [u8] {
        let (at, from) = (self.end, self.end + distance);
        self.buffer.copy_within(from..from + len, at);
        self.end += len;
        &mut self.buffer[at..self.end]
    }

    /// Room for `len` octets behind the waiting ones, with arbitrary content.
    pub(crate) fn spare(&mut self, len: usize) -> &mut [u8] {
        if self.buffer.len() - self.end < len && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let end = self.end + len;
        if self.buffer.len() < end {
            // Grow at once from a few control frames to the full length: growing in small steps takes
            // twice the memory.
            let len = if end <= FEW {
                FEW
            } else {
                end.max(Self::MAX_LEN)
            };
            self.buffer.reserve_exact(len - self.buffer.len());
            self.buffer.resize(len, 0);
        }
        &mut self.buffer[self.end..end]
    }
}

/// Room for a few control frames. Most connections that only read never need more.
const FEW: usize = 1 << 10;

/// Omits the octets.
impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox")
            .field("waiting", &Octets(self.len()))
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out_in_order_whatever_was_consumed_between() {
        let mut outbox = Outbox::default();
        outbox.lend_buffer(alloc::vec![0xff; 8]);
        outbox.push(3).copy_from_slice(b"abc");
        outbox.push(4).copy_from_slice(b"defg");
        outbox.consume(5);
        outbox.push(4).copy_from_slice(b"hijk");
        assert_eq!(outbox.octets(), b"fghijk");
        assert_eq!(outbox.take_buffer(), b"");
        outbox.push(10).copy_from_slice(b"0123456789");
        outbox.consume(6);
        assert_eq!(outbox.octets(), b"0123456789");
        outbox.consume(usize::MAX);
        assert!(outbox.is_empty() && outbox.has_buffer());
        assert_eq!(outbox.written(), 21);
        assert!(outbox.take_buffer().len() >= 16 && !outbox.has_buffer());
    }
}
