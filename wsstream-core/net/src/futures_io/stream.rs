//! Sockets as futures-io's streams.

use std::io::{self, IoSlice};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll};

use ::futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::pump::{Clock, Socket, Stream};

use super::Io;
use crate::split::{self, ReadSocket, ReuniteError, WriteSocket};
use crate::{NetSocket, Runtime};

/// A [`Socket`] as futures-io's `AsyncRead + AsyncWrite`, which dereferences to the socket. An adapter's `NetStream` and
/// `WsStream` are such streams.
///
/// What futures-io calls to close a writer ends one direction: `poll_close`, and `AsyncWriteExt::close` in generic code.
/// A stream's own `finish` ends both. Without `Pin` you reach the socket's own `poll_read`, `poll_write` and so on, which do
/// the same as futures-io's.
///
/// It is `Send` and `Unpin` if the socket is, and can be split with `futures_util::io::AsyncReadExt::split`, or smol's
/// `io::split`.
#[derive(Debug)]
pub struct AsyncStream<T>(T);

/// The half of a stream that is read: see [`AsyncStream::into_split`]. It has the methods of [`Half`](crate::Half), such as
/// `peer_addr` and `info`.
///
/// ```
/// # use wsstream_core::pump::{Connected, Socket};
/// # use wsstream_net::futures_io::ReadHalf;
/// fn tell(read: &ReadHalf<impl Socket + Connected<Address: std::fmt::Display>>) -> std::io::Result<()> {
///     println!("reading from {}", read.peer_addr()?);
///     Ok(())
/// }
/// ```
pub type ReadHalf<T> = AsyncStream<split::ReadHalf<T>>;

/// The half of a stream that is written: see [`AsyncStream::into_split`]. It has the methods of [`Half`](crate::Half), such as
/// `peer_addr` and `info`.
///
/// Dropping it says nothing to the peer, which goes on waiting: end the direction with `shutdown`.
///
/// ```
/// # use wsstream_core::pump::{Connected, Socket};
/// # use wsstream_net::futures_io::WriteHalf;
/// fn tell(write: &WriteHalf<impl Socket + Connected<Address: std::fmt::Display>>) -> std::io::Result<()> {
///     println!("writing to {}", write.peer_addr()?);
///     Ok(())
/// }
/// ```
pub type WriteHalf<T> = AsyncStream<split::WriteHalf<T>>;

impl<T: Socket> From<T> for AsyncStream<T> {
    fn from(socket: T) -> Self {
        Self(socket)
    }
}

impl<T: WriteSocket> AsyncStream<T> {
    /// Ends one direction: sends what was written, and then the end. Reading goes on. Over WebSocket the end is Close
    /// 1000: see [`Stream::poll_shutdown`]. This is `AsyncWrite::poll_close`.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn shutdown(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.0.poll_shutdown(cx)).await
    }
}

impl<T> AsyncStream<T> {
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

impl<T: Socket> AsyncStream<T> {
    /// Splits the stream into halves that different tasks can own, and that tell of it. (`AsyncReadExt::split` gives halves
    /// that do not.)
    ///
    /// A half that is dropped says nothing to the peer, as the other one may still be at work. When both are dropped, so is
    /// the stream. To end one direction, call [`shutdown`](Self::shutdown) on the half for writing, or
    /// `AsyncWriteExt::close`. To end both, and know that everything has arrived, [reunite](ReadHalf::reunite) them and call
    /// `finish`.
    ///
    /// ```
    /// # use wsstream_net::futures_io::AsyncStream;
    /// # use wsstream_core::pump::{Clock, Socket, Stream};
    /// # use wsstream_net::{NetSocket, Runtime};
    ///
    /// # async fn end<R: Runtime>(stream: AsyncStream<Stream<NetSocket<R>, R::Clock>>) -> std::io::Result<()> {
    /// let (read, mut write) = stream.into_split();
    /// println!("{} octets to {}", write.info().counters.sent, write.peer_addr()?);
    /// write.shutdown().await?;
    /// let mut stream = read.reunite(write).map_err(std::io::Error::other)?;
    /// stream.finish().await
    /// # }
    /// ```
    pub fn into_split(self) -> (ReadHalf<T>, WriteHalf<T>) {
        let (read, write) = split::split(self.0);
        (AsyncStream(read), AsyncStream(write))
    }
}

impl<T: Socket> ReadHalf<T> {
    /// Makes the stream of its halves again.
    ///
    /// # Errors
    ///
    /// Both halves, if they belong to different streams.
    pub fn reunite(
        self,
        other: WriteHalf<T>,
    ) -> Result<AsyncStream<T>, ReuniteError<Self, WriteHalf<T>>> {
        let reunited = self.0.reunite(other.0);
        let mismatch = |ReuniteError(read, write)| ReuniteError(Self(read), AsyncStream(write));
        reunited.map(AsyncStream).map_err(mismatch)
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

impl<T: ReadSocket> AsyncRead for AsyncStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buf)
    }
}

impl<T: WriteSocket> AsyncWrite for AsyncStream<T> {
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
