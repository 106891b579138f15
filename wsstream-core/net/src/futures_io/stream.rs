//! Sockets as futures-io's streams.

use std::io::{self, IoSlice};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use ::futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::pump::{Clock, Socket, Stream};

use super::Io;
use crate::{NetSocket, Runtime};

/// A [`Socket`] as futures-io's `AsyncRead + AsyncWrite`, which dereferences to the socket. An adapter's `NetStream` and
/// `WsStream` are such streams.
///
/// What futures-io calls to close a writer ends one direction: `poll_close`, and `AsyncWriteExt::close` in generic code.
/// A stream's own `finish` ends both.
///
/// It is `Send` and `Unpin` if the socket is, and can be split with `futures_util::io::AsyncReadExt::split`, or smol's
/// `io::split`.
#[derive(Debug)]
pub struct AsyncStream<T>(T);

impl<T: Socket> From<T> for AsyncStream<T> {
    fn from(socket: T) -> Self {
        Self(socket)
    }
}

impl<T: Socket> AsyncStream<T> {
    /// Ends one direction: sends what was written, and then the end. Reading goes on. Over WebSocket the end is Close
    /// 1000: see [`Stream::poll_shutdown`]. This is `AsyncWrite::poll_close`.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| Socket::poll_shutdown(&mut self.0, cx)).await
    }

    /// The socket.
    pub fn into_socket(self) -> T {
        self.0
    }
}

impl<T, R: Runtime<Tcp = Io<T>>> AsyncStream<NetSocket<R>> {
    /// A TCP connection that the runtime has made. Its socket options stay as they are.
    pub const fn from_tcp(tcp: T) -> Self {
        Self(NetSocket::from_tcp(Io::new(tcp)))
    }
}

#[cfg(unix)]
impl<T, R: Runtime<Unix = Io<T>>> AsyncStream<NetSocket<R>> {
    /// A connection over a Unix socket that the runtime has made.
    pub const fn from_unix(unix: T) -> Self {
        Self(NetSocket::from_unix(Io::new(unix)))
    }
}

impl<R: Runtime> AsyncStream<NetSocket<R>> {
    /// Ends both directions: see [`NetSocket::finish`].
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.0.finish().await
    }
}

impl<S: Socket, C: Clock> AsyncStream<Stream<S, C>> {
    /// Ends both directions: see [`Stream::finish`]. Only this tells that everything has arrived.
    ///
    /// # Errors
    ///
    /// Any ending of the stream but the peer's Close 1000 or without a code.
    pub async fn finish(&mut self) -> io::Result<()> {
        self.0.finish().await
    }

    /// Drops the stream without a word: the peer sees a truncation.
    pub fn abort(self) {
        drop(self.into_inner());
    }

    /// Gives up the stream without a word to the peer: the socket below, and what was received from it and not read,
    /// as it came: in frames, the first of which may be cut.
    pub fn into_inner(self) -> (S, Vec<u8>) {
        self.0.into_inner()
    }
}

impl<T> Deref for AsyncStream<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for AsyncStream<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Socket> AsyncRead for AsyncStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buf)
    }
}

impl<T: Socket> AsyncWrite for AsyncStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.0.is_write_vectored() {
            return self.0.poll_write(cx, bufs);
        }
        match bufs.iter().find(|buf| !buf.is_empty()) {
            Some(first) => self.poll_write(cx, first),
            None => Poll::Ready(Ok(0)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    /// Ends one direction, as [`shutdown`](Self::shutdown) does.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }
}
