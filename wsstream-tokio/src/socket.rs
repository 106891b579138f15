//! Whole messages.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite};
use wsstream_core::handshake::Agreed;
use wsstream_core::pump;
use wsstream_core::{Close, CloseCode, Connection, Message};

use crate::transport::Transport;

/// A WebSocket that carries whole messages over `S`, for protocols that are made of messages.
///
/// All its futures can be dropped without loss. A Close is answered at once.
///
/// # Panics
///
/// Polling it panics on a runtime without timers (`enable_time`), when it first needs one.
#[derive(Debug)]
pub struct WebSocket<S: AsyncRead + AsyncWrite + Unpin> {
    /// In a box: else every future that holds one, or waits for one, is as large.
    pub(crate) inner: Box<pump::Socket<Transport<S>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// Waits for the next message; `None` after the peer's Close 1000 or without a code.
    ///
    /// # Errors
    ///
    /// Any other ending, as for [`WsStream`](crate::WsStream).
    pub async fn recv(&mut self) -> io::Result<Option<Message>> {
        poll_fn(|cx| self.inner.poll_recv(cx)).await
    }

    /// Sends a message and waits until it has left. If the future is dropped, either nothing of the
    /// message is sent or all of it, while anything else is awaited.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after our Close, or once the connection is over; the transport's.
    pub async fn send(&mut self, message: Message) -> io::Result<()> {
        poll_fn(|cx| self.inner.poll_ready(cx)).await?;
        self.inner.start_send(message);
        poll_fn(|cx| self.inner.poll_flush(cx)).await
    }

    /// [`recv`](Self::recv), for those who receive and send at once: two ends that both send long messages
    /// before they receive any wait for each other.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<io::Result<Option<Message>>> {
        self.inner.poll_recv(cx)
    }

    /// Waits until a message can be begun, with [`start_send`](Self::start_send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn poll_ready(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_ready(cx)
    }

    /// Begins a message, when [`poll_ready`](Self::poll_ready) was ready. What does not leave at once
    /// leaves while anything else is polled.
    pub fn start_send(&mut self, message: Message) {
        self.inner.start_send(message);
    }

    /// Waits until every message has left.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.poll_flush(cx)
    }

    /// Sends Close 1000, discards what comes until the peer's Close, and on a client waits for the end
    /// of the transport.
    ///
    /// # Errors
    ///
    /// Any ending but the peer's Close 1000 or without a code.
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

    /// Gives up the connection without a word to the peer: the transport, and what was received from it
    /// and not taken, as it came: in frames, the first of which may be cut.
    pub fn into_inner(self) -> (S, Vec<u8>) {
        let (transport, received) = self.inner.into_inner();
        (transport.io, received)
    }
}
