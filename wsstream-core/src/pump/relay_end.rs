//! The interface between a relay and its ends.

use core::task::{Context, Poll};
use std::io;

use crate::close::CloseCode;
use crate::connection::Taken;

/// One end of a relay: a [`Stream`](super::Stream), or any other socket as a [`SocketEnd`](super::SocketEnd).
pub trait RelayEnd {
    /// Reads into `buf`, and returns the number of octets. 0 means the end.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `data`, and returns the number of octets written.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends what the end still buffers.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the write direction. Reading goes on.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Does what is due without reading or writing data.
    fn poll_drive(&mut self, cx: &mut Context<'_>);

    /// Whether the peer goes on sending after the write direction has ended. If not, the relay delays the end until the
    /// peer's direction has ended. Default: `true`.
    fn half_closes(&mut self) -> bool {
        true
    }

    /// Whether nothing can be written any more. The relay then does not wait for more from the other end.
    fn is_closed(&mut self) -> bool;

    /// The error of an end that is closed because its peer was lost. `None`, the default, if the peer closed by itself.
    fn lost(&mut self) -> Option<io::Error> {
        None
    }

    /// The error of an end that its listener's shutdown has cut off. The relay then ends at once. Default: `None`.
    fn cut_off(&mut self) -> Option<io::Error> {
        None
    }

    /// Whether the peer has gone: see [`Socket::has_hung_up`](super::Socket::has_hung_up). Default: `false`.
    fn has_hung_up(&mut self) -> bool {
        false
    }

    /// What the peer's system has acknowledged of all that was written, and whether that is all, what the end still
    /// buffers included. `None`, the default, if nothing is known to wait.
    fn taken(&mut self) -> Option<Taken> {
        None
    }

    /// Ends both directions, and waits for the peer as long as it takes: first until the peer has taken everything, as
    /// far as the end can tell, and then until it has ended too. Meanwhile it discards what the peer sends.
    ///
    /// `code` says what the peer is told, if the end has a way to tell:
    ///
    /// - [`NORMAL`](CloseCode::NORMAL): nothing is missing.
    /// - [`INTERNAL`](CloseCode::INTERNAL): something is missing, because the other end failed, or did not get what the
    ///   peer has sent.
    /// - [`GOING_AWAY`](CloseCode::GOING_AWAY): something may be missing, because the relay ends now. There is no time
    ///   to wait: the relay calls this once.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_close(&mut self, cx: &mut Context<'_>, code: CloseCode) -> Poll<io::Result<()>>;
}
