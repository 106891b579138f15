//! What a stream goes over.

use alloc::boxed::Box;
use core::task::{Context, Poll};
use std::io::{self, IoSlice};

use super::relay_end::RelayEnd;
use crate::connection::Taken;

/// A pipe of octets both ways: a socket, or what goes over one.
///
/// The `poll` functions are those of the runtimes' own traits: `Pending` promises that the context's waker will be
/// woken. A layer over another socket passes on what it is asked by the functions that have a default.
pub trait Socket: Unpin {
    /// Reads into `buf`; 0 octets mean the end.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `bufs`, which holds one slice unless
    /// [`is_write_vectored`](Self::is_write_vectored).
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>])
    -> Poll<io::Result<usize>>;

    /// Whether it writes several slices in one call. If it would write only the first, it must say no.
    fn is_write_vectored(&self) -> bool;

    /// Passes on what it holds back.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends its write side: the peer reads an end.
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes past the runtime's readiness: asks the system itself, where the runtime would wait to be told that
    /// there is room. It is tried once before a peer is given up. `bufs` may be empty: then only what is held back
    /// is written.
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

    /// What the peer has taken of all that was written, as far as the socket can tell; by default it cannot.
    fn taken(&self) -> Option<Taken> {
        None
    }

    /// About how many octets can be read without waiting, as far as is known; 0 by default.
    fn readable(&self) -> usize {
        0
    }

    /// Does what is due without taking data. By default nothing is.
    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        let _ = cx;
    }

    /// The socket as an end of a relay, if it knows more of ends than that there are some: a WebSocket closes with a
    /// code. By default it does not.
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
