//! Sockets as tokio's streams.

use std::io::{self, IoSlice};
use std::ops::{Deref, DerefMut};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use wsstream_core::pump::{Socket, Stream};
use wsstream_net::{ReadSocket, ReuniteError, WriteSocket};

use crate::{Io, NetSocket, NetStream, TokioClock};

/// A [`Socket`] as tokio's `AsyncRead + AsyncWrite`. It dereferences to the socket, and can be split with
/// `tokio::io::split`.
///
/// [`WsStream`](crate::WsStream) and [`NetStream`] are such streams, and halves of them ([`into_split`](Self::into_split)).
///
/// Read and write it with `AsyncReadExt` and `AsyncWriteExt`. Without `Pin` you reach the socket's own `poll_read`,
/// `poll_write` and so on, which do the same without tokio's `ReadBuf`.
///
/// # Panics
///
/// Polling a WebSocket panics on a runtime without timers (`enable_time`), when it first needs one.
#[derive(Debug)]
pub struct AsyncStream<T>(T);

/// The half of a stream that is read: see [`AsyncStream::into_split`]. It has the methods of [`Half`](wsstream_net::Half), such as
/// `peer_addr` and `info`.
///
/// ```
/// use tokio::io::AsyncReadExt;
/// use wsstream_tokio::{NetSocket, ReadHalf};
///
/// async fn count(mut read: ReadHalf<NetSocket>) -> std::io::Result<usize> {
///     let peer = read.peer_addr()?;
///     let mut all = Vec::new();
///     let octets = read.read_to_end(&mut all).await?;
///     println!("{octets} octets from {peer}");
///     Ok(octets)
/// }
/// ```
pub type ReadHalf<T> = AsyncStream<wsstream_net::ReadHalf<T>>;

/// The half of a stream that is written: see [`AsyncStream::into_split`]. It has the methods of [`Half`](wsstream_net::Half), such as
/// `peer_addr` and `info`.
///
/// Dropping it says nothing to the peer, which goes on waiting: end the
/// direction with `shutdown`. (The half of tokio's own `TcpStream` does that when it is dropped.)
///
/// ```
/// use tokio::io::AsyncWriteExt;
/// use wsstream_tokio::{NetSocket, WriteHalf};
///
/// async fn greet(mut write: WriteHalf<NetSocket>) -> std::io::Result<()> {
///     write.write_all(b"hello").await?;
///     // Ends this direction.
///     write.shutdown().await
/// }
/// ```
pub type WriteHalf<T> = AsyncStream<wsstream_net::WriteHalf<T>>;

impl<T> AsyncStream<T> {
    /// The socket alone.
    pub fn into_socket(self) -> T {
        self.0
    }
}

/// What only a stream over WebSocket does, besides what [`Stream`] does.
impl<S: Socket> AsyncStream<Stream<S, TokioClock>> {
    /// Drops the stream without a word: the peer sees a truncation.
    pub fn abort(self) {
        drop(self.into_inner());
    }

    /// Gives up the stream without a word to the peer: the socket below it, and what was received from that
    /// and not read, as it came: in frames, the first of which may be cut.
    pub fn into_inner(self) -> (S, Vec<u8>) {
        self.0.into_inner()
    }
}

impl<T: Socket> AsyncStream<T> {
    /// Splits the stream into halves that different tasks can own, and that tell of it. (`tokio::io::split` gives halves that
    /// do not.)
    ///
    /// A half that is dropped says nothing to the peer, as the other one may still be at work. When both are dropped, so is
    /// the stream. To end one direction, call `shutdown` on the half for writing. To end both, and know that everything has
    /// arrived, [reunite](ReadHalf::reunite) them and call `finish`.
    ///
    /// ```
    /// use tokio::io::{AsyncReadExt, AsyncWriteExt};
    /// # use wsstream_tokio::WsStream;
    ///
    /// # async fn ask(stream: WsStream) -> std::io::Result<String> {
    /// let (mut read, mut write) = stream.into_split();
    /// let asking = tokio::spawn(async move {
    ///     write.write_all(b"how are you?").await?;
    ///     write.shutdown().await?;
    ///     std::io::Result::Ok(write)
    /// });
    /// let mut reply = String::new();
    /// read.read_to_string(&mut reply).await?;
    /// println!("{} says {reply}", read.peer_addr()?);
    /// let write = asking.await??;
    /// read.reunite(write).map_err(std::io::Error::other)?.finish().await?;
    /// # Ok(reply)
    /// # }
    /// ```
    pub fn into_split(self) -> (ReadHalf<T>, WriteHalf<T>) {
        let (read, write) = wsstream_net::split(self.0);
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

impl<T: Socket> From<T> for AsyncStream<T> {
    fn from(socket: T) -> Self {
        Self(socket)
    }
}

impl NetStream {
    /// A TCP connection that tokio has made. Its socket options stay as they are.
    pub const fn from_tcp(tcp: TcpStream) -> Self {
        Self(NetSocket::from_tcp(Io::new(tcp)))
    }

    /// A connection over a Unix socket that tokio has made.
    #[cfg(unix)]
    pub const fn from_unix(unix: UnixStream) -> Self {
        Self(NetSocket::from_unix(Io::new(unix)))
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
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let socket = &mut self.get_mut().0;
        // What is not initialised has to be zeroed, so no more of it than will probably be filled.
        let initialized = buf.initialized().len() - buf.filled().len();
        let len = initialized
            .max(socket.readable())
            .max(UNINITIALIZED)
            .min(buf.remaining());
        let count = ready!(socket.poll_read(cx, buf.initialize_unfilled_to(len)))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<T: WriteSocket> AsyncWrite for AsyncStream<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().0.poll_write(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let socket = &mut self.get_mut().0;
        if socket.is_write_vectored() {
            return socket.poll_write(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        socket.poll_write(cx, &[IoSlice::new(first.map_or(&[], |buf| buf))])
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().0.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().0.poll_shutdown(cx)
    }
}

/// How much of a buffer that is not initialised is offered for what is still on the way.
const UNINITIALIZED: usize = 8 << 10;

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// Says how much it has, and fills whatever it is given.
    struct Has(usize);

    impl Socket for Has {
        fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
            buf.fill(7);
            Poll::Ready(Ok(buf.len()))
        }

        fn poll_write(
            &mut self,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            assert_eq!(bufs.len(), 1);
            Poll::Ready(Ok(bufs[0].len()))
        }

        fn is_write_vectored(&self) -> bool {
            false
        }

        fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn readable(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn a_buffer_is_zeroed_no_further_than_it_is_filled() {
        let cx = &mut Context::from_waker(Waker::noop());
        // The room there is, how much of it is initialised, what can be read, and what is offered for it.
        for (room, initialized, readable, offered) in [
            (100, 0, 0, 100),
            (100_000, 0, 0, UNINITIALIZED),
            (100_000, 0, 50_000, 50_000),
            (100_000, 0, 200_000, 100_000),
            (100_000, 60_000, 0, 60_000),
            (100_000, 100_000, 0, 100_000),
        ] {
            let mut room: Vec<u8> = Vec::with_capacity(room);
            let mut buf = ReadBuf::uninit(room.spare_capacity_mut());
            buf.initialize_unfilled_to(initialized);
            let mut stream = AsyncStream::from(Has(readable));
            assert!(Pin::new(&mut stream).poll_read(cx, &mut buf).is_ready());
            assert_eq!(
                (buf.filled().len(), buf.initialized().len()),
                (offered, offered)
            );
        }
    }

    #[test]
    fn a_socket_that_writes_one_slice_is_given_the_first_that_has_octets() {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut stream = AsyncStream::from(Has(0));
        for (slices, written) in [(&["", "abc", "d"][..], 3), (&["", ""], 0), (&[], 0)] {
            let bufs: Vec<_> = slices
                .iter()
                .map(|text| IoSlice::new(text.as_bytes()))
                .collect();
            let result = Pin::new(&mut stream).poll_write_vectored(cx, &bufs);
            assert!(
                matches!(result, Poll::Ready(Ok(count)) if count == written),
                "{slices:?}"
            );
        }
    }
}
