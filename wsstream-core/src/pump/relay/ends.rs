//! The ends of a relay: WebSockets, and sockets of any other kind.

use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};

use super::PROGRESS;
use super::direction::{discard, given_up};
use crate::close::{Close, CloseCode};
use crate::error::Closed;
use crate::pump::hold::{Held, Hold};
use crate::pump::{Clock, RelayEnd, Socket, Stream, Taken};

impl<S: Socket, C: Clock> RelayEnd for Stream<S, C> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Self::poll_read(self, cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Self::poll_write(self, cx, data)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_flush(self, cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Self::poll_shutdown(self, cx)
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        Self::poll_drive(self, cx);
    }

    fn half_closes(&mut self) -> bool {
        self.inner.pump.connection.half_close()
    }

    fn is_closed(&mut self) -> bool {
        !self.inner.pump.connection.can_send()
    }

    /// The error of a peer that was given up. A peer that has closed by itself is not lost.
    fn lost(&mut self) -> Option<io::Error> {
        let given_up = self.inner.pump.connection.given_up();
        given_up.map(|_| self.inner.pump.broken_pipe(Closed))
    }

    fn cut_off(&mut self) -> Option<io::Error> {
        self.inner.pump.cut_off()
    }

    fn has_hung_up(&mut self) -> bool {
        self.get_ref().has_hung_up()
    }

    fn taken(&mut self) -> Option<Taken> {
        Self::taken(self).or_else(|| self.inner.pump.connection.is_waiting().then_some(NOTHING))
    }

    /// Reports a failure with close code 1011, but not its details, which are for our own logs.
    fn poll_close(&mut self, cx: &mut Context<'_>, code: CloseCode) -> Poll<io::Result<()>> {
        let reason = match code {
            CloseCode::INTERNAL => "the other end failed",
            CloseCode::GOING_AWAY => "the relay was ended",
            _ => "",
        };
        if code == CloseCode::GOING_AWAY {
            // Nobody waits for the answer any more.
            self.inner.pump.aborted = true;
        }
        Self::poll_close_with(self, cx, &Close::new(code, reason))
    }
}

/// Any socket as an end of a relay. For one with a [special end](Socket::relay_end), such as a WebSocket, it forwards
/// to that.
///
/// Otherwise it treats the socket as a TCP connection: the end of what it writes means that nothing is missing, and if
/// something is, the socket is [aborted](Socket::abort_on_drop), so that the peer sees a reset, or TLS without its
/// `close_notify`. The peer of a socket without such an end, such as a Unix socket or a pipe, cannot tell.
///
/// It flushes only after a write, and ends the write direction only once, because some sockets start the work anew with
/// each call, such as a standard output that a thread writes to.
#[derive(Debug)]
pub struct SocketEnd<S, C> {
    socket: S,
    clock: C,
    needs_flush: bool,
    is_shut_down: bool,
    /// Whether reading has ended or failed.
    has_ended: bool,
    /// Whether a write has told of a reset. The system tells only once, and reads give an end then.
    was_reset: bool,
    hold: Hold,
}

impl<S: Socket, C: Clock> SocketEnd<S, C> {
    /// An end that reads from this socket and writes to it. The clock limits the wait for the peer when it closes.
    pub fn new(socket: S, clock: C) -> Self {
        Self {
            socket,
            clock,
            needs_flush: false,
            is_shut_down: false,
            has_ended: false,
            was_reset: false,
            hold: Hold::default(),
        }
    }
}

impl<S: Socket, C: Clock> RelayEnd for SocketEnd<S, C> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_read(cx, buf);
        }
        let read = match ready!(self.socket.poll_read(cx, buf)) {
            Ok(0) if self.was_reset => Err(ErrorKind::ConnectionReset.into()),
            read => read,
        };
        self.has_ended = !matches!(read, Ok(1..));
        Poll::Ready(read)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_write(cx, data);
        }
        let written = ready!(self.socket.poll_write(cx, &[IoSlice::new(data)]));
        self.needs_flush = true;
        if let Err(error) = &written {
            self.was_reset |= error.kind() == ErrorKind::ConnectionReset;
        }
        Poll::Ready(written)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_flush(cx);
        }
        if self.needs_flush {
            ready!(self.socket.poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Flushes first, because not every socket's shutdown does. Some fail with `NotConnected` if both directions have
    /// ended already, which is fine.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_shutdown(cx);
        }
        ready!(RelayEnd::poll_flush(self, cx))?;
        if !self.is_shut_down {
            match ready!(self.socket.poll_shutdown(cx)) {
                Err(error) if error.kind() != ErrorKind::NotConnected => {
                    return Poll::Ready(Err(error));
                }
                _ => self.is_shut_down = true,
            }
            // The peer has everything, or its system will get it.
            self.socket.abort_on_drop(false);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        self.socket.poll_drive(cx);
    }

    fn half_closes(&mut self) -> bool {
        self.socket.relay_end().is_none_or(RelayEnd::half_closes)
    }

    fn is_closed(&mut self) -> bool {
        self.socket.relay_end().is_some_and(RelayEnd::is_closed)
    }

    fn lost(&mut self) -> Option<io::Error> {
        self.socket.relay_end()?.lost()
    }

    fn cut_off(&mut self) -> Option<io::Error> {
        self.socket.cut_off()
    }

    fn has_hung_up(&mut self) -> bool {
        self.socket.has_hung_up()
    }

    fn taken(&mut self) -> Option<Taken> {
        if let Some(end) = self.socket.relay_end() {
            return end.taken();
        }
        let taken = self.socket.taken();
        taken.or_else(|| self.needs_flush.then_some(NOTHING))
    }

    /// After a failure it does not end the write direction, but aborts the socket once the peer's system has
    /// acknowledged everything: a reset destroys what is in transit. So does dropping a socket whose peer still sends,
    /// and so it waits for the acknowledgement in any case. If nothing is acknowledged for 60 seconds, it fails.
    fn poll_close(&mut self, cx: &mut Context<'_>, code: CloseCode) -> Poll<io::Result<()>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_close(cx, code);
        }
        let delivered = match code {
            CloseCode::GOING_AWAY => Ok(()),
            _ => ready!(self.poll_delivered(cx, code == CloseCode::NORMAL)),
        };
        if code != CloseCode::NORMAL {
            self.socket.abort_on_drop(true);
        }
        // A peer that was told the end may end by itself. If the socket were dropped before, that would reset it.
        if delivered.is_ok() && self.is_shut_down && code != CloseCode::GOING_AWAY {
            ready!(self.poll_ended(cx))?;
        }
        Poll::Ready(delivered)
    }
}

impl<S: Socket, C: Clock> SocketEnd<S, C> {
    /// Lets no cut pass for an end, if the program ends before everything was written.
    pub(super) fn abort_on_drop(&mut self) {
        if self.socket.relay_end().is_none() {
            self.socket.abort_on_drop(true);
        }
    }

    /// Waits until the peer has taken everything, and the end of it if that `is_whole`.
    fn poll_delivered(&mut self, cx: &mut Context<'_>, is_whole: bool) -> Poll<io::Result<()>> {
        let passed_on = match is_whole {
            true => RelayEnd::poll_shutdown(self, cx),
            false => RelayEnd::poll_flush(self, cx),
        }?;
        let taken = match self.socket.taken() {
            // After a reset, the lost octets would count as acknowledged. A read tells of the reset.
            Some(taken) => match self.poll_ended(cx) {
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                _ => taken,
            },
            None => Taken {
                all: true,
                ..NOTHING
            },
        };
        let all = taken.all && passed_on.is_ready();
        let now = self.clock.now();
        match self.hold.ask(Taken { all, ..taken }, now, PROGRESS) {
            Held::Taken => Poll::Ready(Ok(())),
            Held::GivenUp => Poll::Ready(Err(given_up())),
            Held::AskAt(at) => {
                ready!(self.clock.poll_sleep(cx, at));
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    /// Discards what arrives until the peer has ended.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.has_ended {
            true => Poll::Ready(Ok(())),
            false => discard(self, cx),
        }
    }
}

/// What is known of a peer whose socket cannot tell, while something still waits on our side.
const NOTHING: Taken = Taken {
    octets: 0,
    all: false,
};
