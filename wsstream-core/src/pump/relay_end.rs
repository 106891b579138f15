//! The interface between a relay and its ends.

use core::task::{Context, Poll};
use std::io;

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

    /// Ends both directions, and waits for the peer as long as it takes. `failure` is the error of the other end. What
    /// was carried may then be incomplete, and the end should tell its peer so, if it can.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        failure: Option<&io::Error>,
    ) -> Poll<io::Result<()>>;
}
