//! Whole messages over a socket.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::io;

use super::engine::Pump;
use super::recv_buffer::RecvBuffer;
use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, Socket};
use crate::close::{Close, CloseCode};
use crate::connection::Connection;
use crate::error::Closed;
use crate::handshake::Agreed;
use crate::message::{Assembler, Message};

/// A connection that carries whole messages over a socket, for protocols that are made of messages.
///
/// All its futures can be dropped without loss. A Close is answered at once.
/// [`Upgraded::into_websocket`](super::Upgraded::into_websocket) makes one. It takes one word; what it holds is in a
/// box, so that futures which hold one stay small.
#[derive(Debug)]
pub struct WebSocket<S: Socket, C: Clock> {
    inner: Box<Inner<S, C>>,
}

#[derive(Debug)]
struct Inner<S: Socket, C: Clock> {
    pump: Pump<S, C>,
    assembler: Assembler,
    /// The message that is being sent, and how much of it was queued.
    outgoing: Option<(Message, usize)>,
    agreed: Agreed,
}

impl<S: Socket, C: Clock> WebSocket<S, C> {
    pub(super) fn resume(
        wire: Wire<S, C>,
        connection: Connection,
        agreed: Agreed,
        received: RecvBuffer,
    ) -> Self {
        let inner = Inner {
            pump: Pump::new(wire, connection, received),
            assembler: Assembler::new(),
            outgoing: None,
            agreed,
        };
        Self {
            inner: Box::new(inner),
        }
    }

    /// Waits for the next message; `None` after the peer's Close 1000 or without a code.
    ///
    /// # Errors
    ///
    /// Any other ending, as for [`Stream`](super::Stream).
    pub async fn recv(&mut self) -> io::Result<Option<Message>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Sends a message and waits until it has left. If the future is dropped, either nothing of the message is sent or
    /// all of it, while anything else is awaited.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after our Close, or once the connection is over; the socket's.
    pub async fn send(&mut self, message: Message) -> io::Result<()> {
        poll_fn(|cx| self.poll_ready(cx)).await?;
        self.start_send(message);
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Sends Close 1000, discards what comes until the peer's Close, and on a client waits for the end of the socket.
    ///
    /// # Errors
    ///
    /// Any ending but the peer's Close 1000 or without a code.
    pub async fn close(&mut self) -> io::Result<()> {
        self.close_with(CloseCode::NORMAL, "").await
    }

    /// The same, with a code and a reason of up to 123 octets. The peer's echo of the code is as good as 1000.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub async fn close_with(&mut self, code: CloseCode, reason: &str) -> io::Result<()> {
        let close = Close::new(code, reason);
        poll_fn(|cx| self.poll_close(cx, &close)).await
    }

    /// What both ends agreed on.
    #[must_use]
    pub fn agreed(&self) -> &Agreed {
        &self.inner.agreed
    }

    /// The connection, for what it can tell: who closed and how, counters, the round-trip time.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.inner.pump.connection
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> &S {
        self.inner.pump.socket()
    }

    /// Gives up the connection without a word to the peer: the socket, and what was received from it and not taken, as
    /// it came: in frames, the first of which may be cut.
    #[must_use]
    pub fn into_inner(self) -> (S, Vec<u8>) {
        self.inner.pump.into_parts()
    }

    /// Waits for the next message; `None` after the peer's Close 1000 or without a code. Cancel-safe, as
    /// all of these functions.
    ///
    /// # Errors
    ///
    /// Any other ending.
    pub fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<io::Result<Option<Message>>> {
        self.inner.pump.register(Task::Reader, cx);
        // A message that was begun is not left half sent by who has gone over to reading.
        let _ = self.poll_outgoing();
        let Inner {
            pump, assembler, ..
        } = &mut *self.inner;
        pump.poll_recv(cx, |connection, input| assembler.recv(connection, input))
    }

    /// Waits until a message can be begun.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after our Close, or once the connection is over; the socket's.
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

    /// Begins a message. To be called when [`poll_ready`](Self::poll_ready) was; what does not leave at
    /// once leaves while anything else is polled.
    pub fn start_send(&mut self, message: Message) {
        self.inner.outgoing = Some((message, 0));
        let _ = self.poll_outgoing();
    }

    /// Waits until every message has left.
    ///
    /// # Errors
    ///
    /// The socket's; `TimedOut` if the peer was given up.
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.inner.pump.register(Task::Writer, cx);
        self.inner.pump.look_ahead(|_, _| {});
        ready!(self.poll_outgoing())?;
        self.inner.pump.poll_flush()
    }

    /// Sends `close` after every message, discards what comes until the peer's Close and, on a client,
    /// the socket's end.
    ///
    /// # Errors
    ///
    /// Any ending but the peer's Close 1000, without a code, or with the code of `close`.
    pub fn poll_close(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.inner.pump.connection.expect_close();
        self.inner.pump.connection.discard_input();
        self.inner.pump.register(Task::Writer, cx);
        if self.poll_outgoing().is_pending() {
            // The peer may read only once we do. What it sends is discarded as it will be later.
            let _ = self.inner.pump.poll_recv(cx, |connection, input| {
                connection.discard(input);
                None::<()>
            });
            // If the message cannot be sent to its end, the connection is over, and closing it tells why.
            let _ = ready!(self.poll_outgoing());
        }
        self.inner.pump.poll_close(cx, close)
    }

    fn poll_outgoing(&mut self) -> Poll<io::Result<()>> {
        let Inner { pump, outgoing, .. } = &mut *self.inner;
        while let Some((message, sent)) = outgoing {
            let rest = &message.as_bytes()[*sent..];
            let kind = message.kind();
            let queued = pump.poll_send(rest.len(), |connection| connection.send(kind, rest, true));
            match ready!(queued) {
                Ok(queued) if queued < rest.len() => *sent += queued,
                Ok(_) => *outgoing = None,
                Err(error) => {
                    *outgoing = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
