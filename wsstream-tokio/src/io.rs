//! tokio's streams as sockets.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wsstream_core::pump::Socket;

/// Whatever implements tokio's `AsyncRead` and `AsyncWrite`, as a [`Socket`]: what a WebSocket can go over.
///
/// [`connect_on`](crate::connect_on) and [`accept`](crate::accept()) make one of what they are given.
///
/// ```
/// use tokio::net::TcpStream;
/// use wsstream_tokio::{AsyncStream, Io, NetStream, relay};
///
/// async fn carry(stream: &mut NetStream, tcp: TcpStream) {
///     let mut other = AsyncStream::from(Io::new(tcp));
///     relay(stream, &mut other).await;
/// }
/// ```
#[derive(Debug)]
pub struct Io<S>(S);

impl<S> Io<S> {
    /// Takes a stream.
    pub const fn new(io: S) -> Self {
        Self(io)
    }

    /// The stream.
    pub const fn get_ref(&self) -> &S {
        &self.0
    }

    /// The stream, to change its settings.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.0
    }

    /// Unwraps the stream.
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for Io<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.0).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs {
            [buf] => Pin::new(&mut self.0).poll_write(cx, buf),
            bufs => Pin::new(&mut self.0).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
