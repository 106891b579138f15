//! Streams that are split into a half for reading and one for writing.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use wsstream_core::pump::{Clock, Connected, Info, Socket, Stream};

use crate::net_socket::NetSocket;
use crate::runtime::Runtime;

/// What is read: a [`Socket`], or the half of one. A runtime implements its own trait for reading over this one.
pub trait ReadSocket: Unpin {
    /// As [`Socket::poll_read`].
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// As [`Socket::readable`].
    fn readable(&self) -> usize;
}

/// What is written: a [`Socket`], or the half of one. A runtime implements its own trait for writing over this one.
pub trait WriteSocket: Unpin {
    /// As [`Socket::poll_write`].
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>])
    -> Poll<io::Result<usize>>;

    /// As [`Socket::is_write_vectored`].
    fn is_write_vectored(&self) -> bool;

    /// As [`Socket::poll_flush`].
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// As [`Socket::poll_shutdown`].
    ///
    /// # Errors
    ///
    /// The socket's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl<T: Socket> ReadSocket for T {
    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Socket::poll_read(self, cx, buf)
    }

    #[inline]
    fn readable(&self) -> usize {
        Socket::readable(self)
    }
}

impl<T: Socket> WriteSocket for T {
    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Socket::poll_write(self, cx, bufs)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        Socket::is_write_vectored(self)
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_flush(self, cx)
    }

    #[inline]
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_shutdown(self, cx)
    }
}

/// Splits a socket into halves that different tasks can own.
///
/// Each half is polled with a waker of its own, as both directions of a [`Socket`] are. While one is polled, the other
/// waits; there is no other bond between them. A half that is dropped does nothing to the socket, which is dropped with
/// the second.
///
/// ```
/// # use wsstream_core::pump::Socket;
/// use wsstream_net::split;
///
/// # fn both<T: Socket>(socket: T, other: T) {
/// let (read, write) = split(socket);
/// let (other_read, other_write) = split(other);
/// let error = read.reunite(other_write).map(drop).unwrap_err();
/// // Both are given back.
/// assert!(error.0.reunite(write).is_ok());
/// # }
/// ```
pub fn split<T: Socket>(socket: T) -> (ReadHalf<T>, WriteHalf<T>) {
    let shared = Arc::new(Mutex::new(socket));
    let read = ReadHalf(Half(Arc::clone(&shared)));
    (read, WriteHalf(Half(shared)))
}

/// The half of a socket that is read: see [`split`]. It dereferences to [`Half`], which tells of the socket.
#[derive(Debug)]
pub struct ReadHalf<T>(Half<T>);

/// The half of a socket that is written: see [`split`]. It dereferences to [`Half`], which tells of the socket.
#[derive(Debug)]
pub struct WriteHalf<T>(Half<T>);

/// What both halves of a split stream can tell of it.
///
/// ```
/// # use wsstream_core::pump::Connected;
/// # use wsstream_net::Half;
/// fn tell(half: &Half<impl Connected<Address: std::fmt::Display>>) -> std::io::Result<()> {
///     println!("from {} to {}", half.local_addr()?, half.peer_addr()?);
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Half<T>(Arc<Mutex<T>>);

impl<T: Socket> ReadHalf<T> {
    /// Makes the socket of its halves again.
    ///
    /// # Errors
    ///
    /// Both halves, if they belong to different sockets.
    pub fn reunite(self, other: WriteHalf<T>) -> Result<T, ReuniteError<Self, WriteHalf<T>>> {
        let (Self(Half(shared)), WriteHalf(Half(same))) = (self, other);
        if !Arc::ptr_eq(&shared, &same) {
            return Err(ReuniteError(Self(Half(shared)), WriteHalf(Half(same))));
        }
        drop(same);
        match Arc::try_unwrap(shared) {
            Ok(mutex) => Ok(mutex.into_inner().unwrap_or_else(PoisonError::into_inner)),
            // It does not happen: nothing else has a share.
            Err(shared) => {
                let read = Self(Half(Arc::clone(&shared)));
                Err(ReuniteError(read, WriteHalf(Half(shared))))
            }
        }
    }
}

impl<T> Half<T> {
    /// A task that has panicked while it polled its half does not take the other one with it.
    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Connected> Half<T> {
    /// The peer's address, from the system's socket below all layers. Through a proxy it is the proxy's.
    ///
    /// # Errors
    ///
    /// The system's, for example after a reset.
    pub fn peer_addr(&self) -> io::Result<T::Address> {
        self.lock().peer_addr()
    }

    /// The address of this end, from the system's socket below all layers.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<T::Address> {
        self.lock().local_addr()
    }

    /// Whether the system sends short writes at once (`TCP_NODELAY`). Without effect where there is no TCP.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.lock().set_nodelay(nodelay)
    }
}

impl<S: Socket, C: Clock> Half<Stream<S, C>> {
    /// What was agreed, counters, the round-trip time, and how the connection was closed.
    #[must_use]
    pub fn info(&self) -> Info {
        self.lock().info()
    }
}

impl<R: Runtime> Half<NetSocket<R>> {
    /// What was agreed, counters, and how the WebSocket was closed. `None` if the outermost layer is not a WebSocket.
    #[must_use]
    pub fn info(&self) -> Option<Info> {
        self.lock().info()
    }
}

impl<T> Deref for ReadHalf<T> {
    type Target = Half<T>;

    fn deref(&self) -> &Half<T> {
        &self.0
    }
}

impl<T> Deref for WriteHalf<T> {
    type Target = Half<T>;

    fn deref(&self) -> &Half<T> {
        &self.0
    }
}

impl<T: Socket> ReadSocket for ReadHalf<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Socket::poll_read(&mut *self.lock(), cx, buf)
    }

    fn readable(&self) -> usize {
        Socket::readable(&*self.lock())
    }
}

impl<T: Socket> WriteSocket for WriteHalf<T> {
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Socket::poll_write(&mut *self.lock(), cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        Socket::is_write_vectored(&*self.lock())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_flush(&mut *self.lock(), cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_shutdown(&mut *self.lock(), cx)
    }
}

/// Two halves that belong to different streams: the one for reading, and the one for writing.
///
/// ```
/// # use wsstream_net::ReuniteError;
/// fn both<R, W>(mismatch: ReuniteError<R, W>) -> (R, W) {
///     let ReuniteError(read, write) = mismatch;
///     (read, write)
/// }
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "there are two halves")]
pub struct ReuniteError<R, W>(pub R, pub W);

impl<R, W> fmt::Display for ReuniteError<R, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the halves belong to different streams")
    }
}

impl<R: fmt::Debug, W: fmt::Debug> Error for ReuniteError<R, W> {}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::task::Waker;

    use super::*;

    /// Whoever reads it panics.
    struct Unreadable;

    impl Socket for Unreadable {
        fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
            panic!("it is read")
        }

        fn poll_write(
            &mut self,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
        }

        fn is_write_vectored(&self) -> bool {
            true
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn a_half_goes_on_after_the_other_one_has_panicked() {
        let (mut read, mut write) = split(Unreadable);
        let cx = &mut Context::from_waker(Waker::noop());
        let reading = AssertUnwindSafe(|| read.poll_read(cx, &mut [0]).is_ready());
        assert!(catch_unwind(reading).is_err());
        let cx = &mut Context::from_waker(Waker::noop());
        let written = write.poll_write(cx, &[IoSlice::new(b"data")]);
        assert!(matches!(written, Poll::Ready(Ok(4))));
        assert!(read.reunite(write).is_ok());
    }
}
