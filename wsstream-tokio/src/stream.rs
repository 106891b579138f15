//! The byte stream.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wsstream_core::handshake::Agreed;
use wsstream_core::pump;
use wsstream_core::{Close, CloseCode, Connection};

use crate::transport::Transport;

/// A byte stream over WebSocket over `S`.
///
/// Reading gives 0 octets at the peer's Close 1000 or without a code. Any other end is an error, with a
/// [`StreamError`](crate::StreamError) inside: `ConnectionAborted` for another code, `UnexpectedEof`
/// if the transport ends without a Close, or the peer closes inside a message, `InvalidData` if the peer
/// breaks the protocol, `TimedOut`.
///
/// `shutdown` sends what is queued and Close 1000; reading goes on until the peer's. Only
/// [`close`](Self::close) tells that everything arrived. Dropping the stream
/// is no good end: it sends what is queued and Close 1001, if that can be done at once, and else lets the peer
/// see that it was cut off. [`ConnectionConfig::close_on_drop`](crate::ConnectionConfig::close_on_drop) has it say 1000.
///
/// Where the peer did not agree to half close, it ends both directions when it receives a Close, and may cut
/// off its reply: the end of reading behind our own first Close does not prove that the reply is whole.
///
/// A write leaves without a flush while the transport has room. What it had no room for leaves when either half
/// is polled next: flush before waiting for something else.
///
/// It is `Send` and `Unpin` if `S` is, and can be split with `tokio::io::split`.
///
/// # Panics
///
/// Polling it panics on a runtime without timers (`enable_time`), when it first needs one.
#[derive(Debug)]
pub struct WsStream<S: AsyncRead + AsyncWrite + Unpin> {
    /// In a box: else every future that holds one, or waits for one, is as large.
    pub(crate) inner: Box<pump::Stream<Transport<S>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WsStream<S> {
    /// Ends both directions: sends what is queued and Close 1000, discards what comes until the peer's
    /// Close, and on a client waits for the end of the transport. When it succeeds, all that was
    /// written has arrived.
    ///
    /// # Errors
    ///
    /// Any ending of the stream but the peer's Close 1000 or without a code.
    pub async fn close(&mut self) -> io::Result<()> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// The same, with a code and a reason of up to 123 octets. The peer's echo of the code is as good as
    /// 1000.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        let close = Close::new(code, reason);
        poll_fn(|cx| self.inner.poll_close(cx, &close)).await
    }

    /// Drops the stream without a word: the peer sees a truncation.
    pub fn abort(self) {
        drop(self.inner.into_inner());
    }

    /// Does what is due without taking data: writes what is queued, answers pings, keeps timers. For
    /// those who have nothing to read or write just now but want the connection to live.
    pub fn poll_drive(&mut self, cx: &Context<'_>) {
        self.inner.poll_drive(cx);
    }

    /// Switches compression of what is written off and on again, where the peer has agreed to it. What
    /// secrets are in can go plain, whose length says nothing of their content.
    pub fn compress(&mut self, compress: bool) {
        self.inner.compress(compress);
    }

    /// What was agreed in the opening handshake: subprotocol and extensions.
    pub fn agreed(&self) -> &Agreed {
        self.inner.agreed()
    }

    /// The connection, for what it can tell: who closed and with what, counters, the round-trip time.
    pub fn connection(&self) -> &Connection {
        self.inner.connection()
    }

    /// The transport.
    pub fn get_ref(&self) -> &S {
        &self.inner.transport().io
    }

    /// Gives up the stream without a word to the peer: the transport, and what was received from it and
    /// not read, as it came: in frames, the first of which may be cut.
    pub fn into_inner(self) -> (S, Vec<u8>) {
        let (transport, received) = self.inner.into_inner();
        (transport.io, received)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WsStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let inner = &mut self.get_mut().inner;
        // What is not initialised has to be zeroed, so no more of it than will probably be filled.
        let initialized = buf.initialized().len() - buf.filled().len();
        let len = initialized
            .max(inner.readable())
            .max(UNINITIALIZED)
            .min(buf.remaining());
        let count = ready!(inner.poll_read(cx, buf.initialize_unfilled_to(len)))?;
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WsStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().inner.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().inner.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().inner.poll_shutdown(cx)
    }
}

/// How much of a buffer that is not initialised is offered for what is still on the way.
const UNINITIALIZED: usize = 8 << 10;
