//! What a relay asks of its ends.

use core::task::{Context, Poll};
use std::io;

/// One end of a relay.
pub trait RelayEnd {
    /// Reads into `buf`; 0 octets mean the end.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `data`.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Passes on what it holds back.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the direction that is written; the other one goes on.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Does what is due while nothing is read or written.
    fn poll_drive(&mut self, cx: &mut Context<'_>);

    /// Whether the peer goes on sending once our direction has ended. If it does not, the end of the other
    /// side is held back until the peer's direction has ended.
    fn half_closes(&mut self) -> bool {
        true
    }

    /// Whether nothing can be written any more. Then what the other end has not said yet is not waited
    /// for.
    fn is_closed(&mut self) -> bool;

    /// Why it is closed, if that cuts off what it could still have had.
    fn lost(&mut self) -> Option<io::Error> {
        None
    }

    /// Why nothing is to be waited for any more, if the end has been cut off: the listener that it came from has shut
    /// down, and its time is over.
    fn cut_off(&mut self) -> Option<io::Error> {
        None
    }

    /// Ends both directions, and waits for the peer as long as that takes. `failure` is what the other
    /// end failed with: then what was carried may be cut short, and the peer is to know.
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
