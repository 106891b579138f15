//! futures-io's streams as sockets.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::pump::Socket;

/// A stream of futures-io's as a [`Socket`], which a WebSocket can go over.
///
/// Its end is passed on by `poll_close`. async-std's own sockets then only flush: make a `NetStream` of them
/// ([`AsyncStream::from_tcp`](super::AsyncStream::from_tcp)) instead.
///
/// futures-io cannot be asked whether a stream writes several slices at once. So the first write of several is tried,
/// and the others too unless it turned out that only the first slice was taken.
///
/// ```
/// # use futures_io::{AsyncRead, AsyncWrite};
/// # use wsstream_net::futures_io::{AsyncStream, Io};
/// fn wrap<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> AsyncStream<Io<S>> {
///     AsyncStream::from(Io::new(stream))
/// }
/// ```
#[derive(Debug)]
pub struct Io<S> {
    io: S,
    /// Not known to write the first slice only.
    vectored: bool,
}

impl<S> Io<S> {
    /// A socket of a stream.
    pub const fn new(io: S) -> Self {
        let vectored = true;
        Self { io, vectored }
    }

    /// The stream.
    pub const fn get_ref(&self) -> &S {
        &self.io
    }

    /// The stream, to change its settings.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.io
    }

    /// Unwraps the stream.
    pub fn into_inner(self) -> S {
        self.io
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for Io<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [buf] = bufs {
            return Pin::new(&mut self.io).poll_write(cx, buf);
        }
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs))?;
        // A stream that writes the first slice only is known by doing so, and costs one short write; a stream that
        // happened to have just that much room loses a little speed.
        if bufs.first().is_some_and(|first| written == first.len()) {
            self.vectored = false;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Takes so many octets; of the first slice only, if it is as futures-io is for those who do not say.
    struct Takes {
        room: usize,
        first_only: bool,
    }

    impl AsyncRead for Takes {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Takes {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            data: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(data.len().min(self.room)))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let slices = if self.first_only { 1 } else { bufs.len() };
            let len: usize = bufs[..slices].iter().map(|buf| buf.len()).sum();
            Poll::Ready(Ok(len.min(self.room)))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_writes_the_first_slice_only_is_known_by_the_first_write() {
        for (first_only, room, slices, vectored) in [
            (true, 100, 1, true),
            (true, 2, 2, true),
            (true, 100, 2, false),
            (false, 2, 2, true),
            (false, 4, 2, true),
            (false, 100, 2, true),
            // It cannot be told from the others.
            (false, 3, 2, false),
        ] {
            let mut socket = Io::new(Takes { room, first_only });
            let bufs = [IoSlice::new(b"one"), IoSlice::new(b"two")];
            let cx = &mut Context::from_waker(Waker::noop());
            let written = socket.poll_write(cx, &bufs[..slices]);
            assert!(matches!(written, Poll::Ready(Ok(1..))));
            assert_eq!(
                socket.is_write_vectored(),
                vectored,
                "{first_only} {room} {slices}"
            );
        }
    }
}
