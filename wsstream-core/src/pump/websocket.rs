//! Whole messages over a socket.

#[cfg(feature = "futures")]
mod futures;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::mem;
use core::task::{Context, Poll, ready};
use std::io;

use super::delivering::{Spawn, leave};
use super::engine::Pump;
use super::outgoing::Outgoing;
use super::wakers::Task;
use super::{Clock, Info, Socket};
use crate::close::{Close, CloseCode};
#[cfg(test)]
use crate::connection::Connection;
use crate::error::{Closed, PingError};
use crate::handshake::Agreed;
use crate::message::{Assembler, Message};

/// A WebSocket that sends and receives whole messages, made by
/// [`Upgraded::into_websocket`](super::Upgraded::into_websocket).
///
/// A received message is held until it is whole. It has at most 1 MiB, and 60 seconds from its first octet to its last:
/// [`max_message`](crate::ConnectionConfig::max_message) and
/// [`message_timeout`](crate::ConnectionConfig::message_timeout) change these limits. A message that exceeds them ends the
/// connection. Of the messages to send, one is held at a time.
///
/// Pings from the peer are answered by any function here, and pings that keep the connection alive are sent: see
/// [`keepalive`](crate::ConnectionConfig::keepalive). [`ping`](Self::ping) is for more than that.
///
/// With the feature `futures` it is a `Stream` and a `Sink` of messages. `StreamExt::split` gives two halves, for two
/// tasks. The stream ends after the peer's Close, or after one error. `SinkExt::close` does what [`close`](Self::close)
/// does: what the other half has not received by then is discarded.
///
/// All its functions are cancel-safe. It answers a Close from the peer at once. Its state is boxed, so that futures
/// which hold one stay small.
///
/// ```
/// # use wsstream_core::pump::{Clock, Socket, WebSocket};
/// # async fn greet<S: Socket, C: Clock>(mut socket: WebSocket<S, C>) -> std::io::Result<()> {
/// socket.send("hello").await?;
/// while let Some(message) = socket.recv().await? {
///     println!("{}", message.as_text().unwrap_or("(octets)"));
/// }
/// socket.close().await
/// # }
/// ```
#[derive(Debug)]
pub struct WebSocket<S: Socket, C: Clock> {
    inner: Box<Inner<S, C>>,
}

#[derive(Debug)]
struct Inner<S: Socket, C: Clock> {
    pump: Pump<S, C>,
    assembler: Assembler,
    outgoing: Outgoing,
    agreed: Agreed,
    spawn: Option<Spawn<S, C>>,
}

impl<S: Socket, C: Clock> Drop for Inner<S, C> {
    fn drop(&mut self) {
        leave(&mut self.pump, mem::take(&mut self.outgoing), self.spawn);
    }
}

impl<S: Socket, C: Clock> WebSocket<S, C> {
    pub(super) fn resume(pump: Pump<S, C>, agreed: Agreed, spawn: Option<Spawn<S, C>>) -> Self {
        let inner = Inner {
            spawn,
            pump,
            assembler: Assembler::new(),
            outgoing: Outgoing::default(),
            agreed,
        };
        Self {
            inner: Box::new(inner),
        }
    }

    /// Receives the next message. `None` after a Close from the peer with code 1000 or without a code.
    ///
    /// # Errors
    ///
    /// Any other ending, as for [`Stream`](super::Stream). A message over the limit of the configuration ends the
    /// connection.
    pub async fn recv(&mut self) -> io::Result<Option<Message>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Sends a message, and waits until the socket has taken it. If you drop the future, either nothing of the message
    /// is sent, or all of it while you await anything else here.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after a Close was sent, or once the connection is over. The socket's.
    pub async fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        self.start_send(message)?;
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends a ping with a payload of up to 125 octets, and waits until the socket has taken it (§5.5.2). If you drop the
    /// future, the ping is sent or not.
    ///
    /// A connection is kept alive without this: see [`keepalive`](crate::ConnectionConfig::keepalive). Send a ping to learn
    /// sooner whether the peer is there. Its pong arrives while you receive, and is no message:
    /// [`connection().unanswered_ping()`](Connection::unanswered_ping) is `None` then.
    /// [`connection().rtt()`](Connection::rtt) is the round-trip time of keepalive pings.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsstream_core::pump::{Clock, Socket, WebSocket};
    /// # async fn sleep(_: Duration) {}
    /// # async fn is_there<S: Socket, C: Clock>(mut socket: WebSocket<S, C>) -> std::io::Result<bool> {
    /// socket.ping(b"still there?").await?;
    /// // Receive for 5 seconds, for example with `tokio::time::timeout`. Then:
    /// let is_there = socket.connection().unanswered_ping().is_none();
    /// # Ok(is_there)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` with a [`PingError`] inside for a longer payload. `BrokenPipe` after a Close was sent, or once the
    /// connection is over. The socket's.
    pub async fn ping(&mut self, payload: &[u8]) -> io::Result<()> {
        poll_fn(|cx| self.poll_ping(cx, payload)).await?;
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends a Close with code 1000, discards what arrives until the peer's Close, and on a client waits for the end of
    /// the socket. The wait for the peer is limited by [`close_timeout`](crate::ConnectionConfig::close_timeout).
    ///
    /// # Errors
    ///
    /// Any ending but a Close from the peer with code 1000 or without a code.
    pub async fn close(&mut self) -> io::Result<()> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// As [`close`](Self::close), with a close code and a reason of up to 123 octets. A peer that echoes the code
    /// counts as a success.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        let close = Close::new(code, reason);
        poll_fn(|cx| self.poll_close_with(cx, &close)).await
    }

    /// What was agreed, counters, the round-trip time, and how the connection was closed.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::new(&self.inner.agreed, &self.inner.pump.connection)
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.inner.pump.connection
    }

    /// The socket below.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        self.inner.pump.socket()
    }

    /// The socket below, to change its settings. Reading from it or writing to it breaks the WebSocket.
    pub fn get_mut(&mut self) -> &mut S {
        self.inner.pump.socket_mut()
    }

    /// Takes the WebSocket apart without telling the peer. Returns the socket, and the octets that were received from
    /// it and not used. These are still in frames, the first of which may be incomplete.
    #[must_use]
    pub fn into_inner(mut self) -> (S, Vec<u8>) {
        self.inner.pump.take_parts()
    }

    /// Receives the next message. `None` after a Close from the peer with code 1000 or without a code.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<io::Result<Option<Message>>> {
        self.inner.pump.register(Task::Reader, cx);
        let Inner {
            pump,
            assembler,
            outgoing,
            ..
        } = &mut *self.inner;
        // Goes on sending a message that was begun, if the caller now waits for the next one. If that fails, the next
        // function that sends says so.
        let _ = outgoing.poll(pump);
        pump.poll_recv(cx, |connection, input| assembler.recv(connection, input))
    }

    /// Waits until the next message can be sent with [`start_send`](Self::start_send).
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub fn poll_ready(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.pump.register(Task::Writer, cx);
        self.inner.pump.look_ahead(|_, _| {});
        ready!(self.poll_outgoing())?;
        self.inner.pump.send_queued();
        if self.inner.pump.connection.can_send() {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err(self.inner.pump.broken_pipe(Closed)))
        }
    }

    /// Starts to send a message, after [`poll_ready`](Self::poll_ready) was ready. What the socket does not take at once
    /// is sent while anything else here is polled.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if the previous message is not sent yet: the new one is not sent then. `BrokenPipe` and the socket's
    /// as for [`send`](Self::send).
    pub fn start_send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        if !self.inner.outgoing.is_empty() {
            return Err(io::Error::new(io::ErrorKind::WouldBlock, NOT_READY));
        }
        self.inner.outgoing = Outgoing::new(message.into());
        match self.poll_outgoing() {
            Poll::Ready(result) => result,
            Poll::Pending => Ok(()),
        }
    }

    /// Waits until a ping is queued: see [`ping`](Self::ping). Then [flush](Self::poll_flush) it.
    ///
    /// # Errors
    ///
    /// As [`ping`](Self::ping).
    pub fn poll_ping(&mut self, cx: &Context<'_>, payload: &[u8]) -> Poll<io::Result<()>> {
        let pump = &mut self.inner.pump;
        pump.register(Task::Writer, cx);
        pump.look_ahead(|_, _| {});
        match ready!(pump.poll_send(payload.len(), |connection| Ok(connection.ping(payload))))? {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => Poll::Pending,
            Err(PingError::Closed) => Poll::Ready(Err(pump.broken_pipe(Closed))),
            Err(error) => Poll::Ready(Err(error.into())),
        }
    }

    /// Waits until every message is sent.
    ///
    /// # Errors
    ///
    /// The socket's. `TimedOut` if the peer was given up.
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.pump.register(Task::Writer, cx);
        self.inner.pump.look_ahead(|_, _| {});
        ready!(self.poll_outgoing())?;
        self.inner.pump.poll_flush()
    }

    /// Sends `close` after the messages, and discards what arrives until the peer's Close and, on a client, the end of
    /// the socket.
    ///
    /// # Errors
    ///
    /// Any ending but a Close from the peer with code 1000, without a code, or with the code of `close`.
    pub fn poll_close_with(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.inner.pump.connection.expect_close();
        self.inner.pump.connection.discard_input();
        self.inner.pump.register(Task::Writer, cx);
        let Inner { pump, outgoing, .. } = &mut *self.inner;
        // If the message cannot be completed, the connection is over, and closing it reports why.
        ready!(outgoing.poll_discarding(pump, cx));
        pump.poll_close(cx, close)
    }

    /// Sends on. Tells once if the message cannot be sent.
    fn poll_outgoing(&mut self) -> Poll<io::Result<()>> {
        let Inner { pump, outgoing, .. } = &mut *self.inner;
        let result = ready!(outgoing.poll(pump));
        if result.is_err() {
            *outgoing = Outgoing::default();
        }
        Poll::Ready(result)
    }
}

const NOT_READY: &str = "the previous message is not sent yet: wait for `poll_ready`";
