//! Whole messages over a transport.

use alloc::vec::Vec;
use core::task::{Context, Poll, ready};
use std::io;

use super::Transport;
use super::engine::Pump;
use super::recv_buffer::RecvBuffer;
use super::wakers::Task;
use super::wire::Wire;
use crate::close::Close;
use crate::connection::Connection;
use crate::error::Closed;
use crate::handshake::Agreed;
use crate::message::{Assembler, Message};

/// A connection that carries whole messages, over a transport: what the runtimes' adapters wrap.
/// [`Opened::into_socket`](super::Opened::into_socket) makes one.
#[derive(Debug)]
pub struct Socket<T: Transport> {
    pump: Pump<T>,
    assembler: Assembler,
    /// The message that is being sent, and how much of it was queued.
    outgoing: Option<(Message, usize)>,
    agreed: Agreed,
}

impl<T: Transport> Socket<T> {
    pub(super) fn resume(
        wire: Wire<T>,
        connection: Connection,
        agreed: Agreed,
        received: RecvBuffer,
    ) -> Self {
        let pump = Pump::new(wire, connection, received);
        Self {
            pump,
            assembler: Assembler::new(),
            outgoing: None,
            agreed,
        }
    }

    /// What both ends agreed on.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// The connection, for what it can tell: who closed and how, counters, the round-trip time.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.pump.connection
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> &T {
        self.pump.transport()
    }

    /// Gives up the connection without a word to the peer: the transport, and what was received from it
    /// and not taken.
    #[must_use]
    pub fn into_inner(self) -> (T, Vec<u8>) {
        self.pump.into_parts()
    }

    /// Waits for the next message; `None` after the peer's Close 1000 or without a code. Cancel-safe, as
    /// all of these functions.
    ///
    /// # Errors
    ///
    /// Any other ending.
    pub fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<io::Result<Option<Message>>> {
        self.pump.register(Task::Reader, cx);
        // A message that was begun is not left half sent by who has gone over to reading.
        let _ = self.poll_outgoing();
        let assembler = &mut self.assembler;
        self.pump
            .poll_recv(cx, |connection, input| assembler.recv(connection, input))
    }

    /// Waits until a message can be begun.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` after our Close, or once the connection is over; the transport's.
    pub fn poll_ready(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.pump.register(Task::Writer, cx);
        self.pump.look_ahead(|_, _| {});
        ready!(self.poll_outgoing())?;
        self.pump.send_queued();
        if self.pump.connection.can_send() {
            Poll::Ready(Ok(()))
        } else {
            Poll::Ready(Err(self.pump.broken_pipe(Closed)))
        }
    }

    /// Begins a message. To be called when [`poll_ready`](Self::poll_ready) was; what does not leave at
    /// once leaves while anything else is polled.
    pub fn start_send(&mut self, message: Message) {
        self.outgoing = Some((message, 0));
        let _ = self.poll_outgoing();
    }

    /// Waits until every message has left.
    ///
    /// # Errors
    ///
    /// The transport's; `TimedOut` if the peer was given up.
    pub fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.pump.register(Task::Writer, cx);
        self.pump.look_ahead(|_, _| {});
        ready!(self.poll_outgoing())?;
        self.pump.poll_flush()
    }

    /// Sends `close` after every message, discards what comes until the peer's Close and, on a client,
    /// the transport's end.
    ///
    /// # Errors
    ///
    /// Any ending but the peer's Close 1000, without a code, or with the code of `close`.
    pub fn poll_close(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.pump.connection.expect_close();
        self.pump.connection.discard_input();
        self.pump.register(Task::Writer, cx);
        if self.poll_outgoing().is_pending() {
            // The peer may read only once we do. What it sends is discarded as it will be later.
            let _ = self.pump.poll_recv(cx, |connection, input| {
                connection.discard(input);
                None::<()>
            });
            // If the message cannot be sent to its end, the connection is over, and closing it tells why.
            let _ = ready!(self.poll_outgoing());
        }
        self.pump.poll_close(cx, close)
    }

    fn poll_outgoing(&mut self) -> Poll<io::Result<()>> {
        while let Some((message, sent)) = &mut self.outgoing {
            let rest = &message.as_bytes()[*sent..];
            let kind = message.kind();
            let queued = self
                .pump
                .poll_send(rest.len(), |connection| connection.send(kind, rest, true));
            match ready!(queued) {
                Ok(queued) if queued < rest.len() => *sent += queued,
                Ok(_) => self.outgoing = None,
                Err(error) => {
                    self.outgoing = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
