//! The transport below a stream.

use alloc::boxed::Box;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use super::relay_end::RelayEnd;
use crate::connection::Taken;

/// A transport for octets in both directions: a TCP connection, a Unix socket, or a layer over another socket such as
/// TLS or a [`Stream`](super::Stream).
///
/// The `poll` functions follow the rules of the runtimes' own traits: `Pending` promises to wake the waker of `cx`. A
/// layer over another socket should forward the functions that have a default.
pub trait Socket: Unpin {
    /// Reads into `buf`, and returns the number of octets. 0 means the end.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `bufs`, and returns the number of octets written. There is only one slice unless
    /// [`is_write_vectored`](Self::is_write_vectored) is true.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>])
    -> Poll<io::Result<usize>>;

    /// Whether [`poll_write`](Self::poll_write) writes several slices in one call. Return `false` if it would only
    /// write the first.
    fn is_write_vectored(&self) -> bool;

    /// Sends what the socket still buffers.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the write direction: the peer reads the end. Reading goes on.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Tries to write even if the runtime believes that the socket has no room, by asking the system directly. It is
    /// called once before a slow peer is given up, because systems report room late. With empty `bufs` it only sends
    /// what the socket still buffers. By default it calls [`poll_write`](Self::poll_write).
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.is_empty() {
            return self.poll_flush(cx).map_ok(|()| 0);
        }
        self.poll_write(cx, bufs)
    }

    /// What the peer's system has acknowledged of all that was written. `None`, the default, if the socket cannot tell.
    fn taken(&self) -> Option<Taken> {
        None
    }

    /// An estimate of how many octets can be read without waiting, as far as the socket knows. Default: 0.
    fn readable(&self) -> usize {
        0
    }

    /// Whether the peer has gone: it has reset the connection, or both directions have ended. It asks the system, and so
    /// notices what no read or write would, because nobody reads or writes at present. Default: `false`, for sockets that
    /// cannot tell.
    fn has_hung_up(&self) -> bool {
        false
    }

    /// The error of a socket that its listener's shutdown has cut off. Default: `None`.
    fn cut_off(&self) -> Option<io::Error> {
        None
    }

    /// Whether the drop of the socket lets the peer know that something is missing: TCP is reset, TLS ends without a
    /// `close_notify`, a WebSocket says Close 1011. What the peer's system has not acknowledged by then may be lost. A TCP
    /// connection is reset then also if the program ends without dropping it. By default it does nothing, for sockets that
    /// have no such end.
    fn abort_on_drop(&mut self, abort: bool) {
        let _ = abort;
    }

    /// Does what is due without reading or writing data: answers pings, acts on timers, sends what is buffered. By
    /// default it does nothing.
    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// The socket as an end of a relay, if it needs special treatment there: a WebSocket is closed with a code. `None`,
    /// the default, for a socket that ends as TCP does.
    fn relay_end(&mut self) -> Option<&mut dyn RelayEnd> {
        None
    }
}

macro_rules! forward {
    ($($socket:ty),*) => {$(
        impl<S: Socket + ?Sized> Socket for $socket {
            fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
                (**self).poll_read(cx, buf)
            }

            fn poll_write(
                &mut self,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                (**self).poll_write(cx, bufs)
            }

            fn is_write_vectored(&self) -> bool {
                (**self).is_write_vectored()
            }

            fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                (**self).poll_flush(cx)
            }

            fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                (**self).poll_shutdown(cx)
            }

            fn poll_retry_write(
                &mut self,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                (**self).poll_retry_write(cx, bufs)
            }

            fn taken(&self) -> Option<Taken> {
                (**self).taken()
            }

            fn readable(&self) -> usize {
                (**self).readable()
            }

            fn has_hung_up(&self) -> bool {
                (**self).has_hung_up()
            }

            fn cut_off(&self) -> Option<io::Error> {
                (**self).cut_off()
            }

            fn abort_on_drop(&mut self, abort: bool) {
                (**self).abort_on_drop(abort);
            }

            fn poll_drive(&mut self, cx: &mut Context<'_>) {
                (**self).poll_drive(cx);
            }

            fn relay_end(&mut self) -> Option<&mut dyn RelayEnd> {
                (**self).relay_end()
            }
        }
    )*};
}

forward!(&mut S, Box<S>);
