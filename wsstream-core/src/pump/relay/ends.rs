//! The ends of a relay: WebSockets, and sockets of any other kind.

use alloc::format;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, IoSlice};

use super::PROGRESS;
use super::direction::discard;
use crate::close::{Close, CloseCode};
use crate::error::Closed;
use crate::pump::{Clock, RelayEnd, Socket, Stream, Taken};
use crate::time::Timestamp;

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
        self.connection().half_close()
    }

    fn is_closed(&mut self) -> bool {
        !self.connection().can_send()
    }

    /// The error of a peer that was given up. A peer that has closed by itself is not lost.
    fn lost(&mut self) -> Option<io::Error> {
        let given_up = self.connection().given_up();
        given_up.map(|_| self.inner.pump.broken_pipe(Closed))
    }

    fn cut_off(&mut self) -> Option<io::Error> {
        self.inner.pump.cut_off()
    }

    /// Reports a failure with close code 1011, but not its details, which are for our own logs.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        failure: Option<&io::Error>,
    ) -> Poll<io::Result<()>> {
        let close = failure.map_or_else(
            || Close::new(CloseCode::NORMAL, ""),
            |_| Close::new(CloseCode::INTERNAL, "the other end failed"),
        );
        Self::poll_close(self, cx, &close)
    }
}

/// Any socket as an end of a relay. For one with a [special end](Socket::relay_end), such as a WebSocket, it forwards
/// to that.
///
/// Otherwise it treats the socket as a TCP connection. It flushes only after a write, and ends the write direction only
/// once, because some sockets start the work anew with each call, such as a standard output that a thread writes to.
#[derive(Debug)]
pub struct SocketEnd<S, C> {
    socket: S,
    clock: C,
    needs_flush: bool,
    is_shut_down: bool,
    /// Whether reading has ended or failed.
    has_ended: bool,
    /// The number of octets that the peer had acknowledged at the last progress, and the time of that.
    taken: Option<(u64, Timestamp)>,
}

impl<S: Socket, C: Clock> SocketEnd<S, C> {
    /// An end that reads from this socket and writes to it. The clock limits the wait for the peer when it closes.
    pub const fn new(socket: S, clock: C) -> Self {
        Self {
            socket,
            clock,
            needs_flush: false,
            is_shut_down: false,
            has_ended: false,
            taken: None,
        }
    }
}

impl<S: Socket, C: Clock> RelayEnd for SocketEnd<S, C> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_read(cx, buf);
        }
        let read = ready!(self.socket.poll_read(cx, buf));
        self.has_ended = !matches!(read, Ok(1..));
        Poll::Ready(read)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_write(cx, data);
        }
        let written = ready!(self.socket.poll_write(cx, &[IoSlice::new(data)]));
        self.needs_flush = true;
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
                Err(error) if error.kind() != io::ErrorKind::NotConnected => {
                    return Poll::Ready(Err(error));
                }
                _ => self.is_shut_down = true,
            }
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
        self.socket.relay_end()?.cut_off()
    }

    /// A plain socket cannot report a failure to its peer. After one, it does not end the write direction, and its
    /// owner may reset it once this is ready.
    ///
    /// Dropping the socket also resets it if the peer still sends, and what is in transit is lost. So this waits until
    /// the peer's system has acknowledged everything; if nothing is acknowledged for 60 seconds, it fails. Meanwhile it
    /// discards what the peer sends.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        failure: Option<&io::Error>,
    ) -> Poll<io::Result<()>> {
        if let Some(end) = self.socket.relay_end() {
            return end.poll_close(cx, failure);
        }
        let passed_on = match failure {
            None => RelayEnd::poll_shutdown(self, cx),
            Some(_) => RelayEnd::poll_flush(self, cx),
        }?;
        let Some(Taken { octets, all }) = self.socket.taken() else {
            return passed_on.map(Ok);
        };
        // After a reset, the lost octets would count as acknowledged. A read tells of the reset.
        if !self.has_ended
            && let Poll::Ready(Err(error)) = discard(self, cx)
        {
            return Poll::Ready(Err(error));
        }
        if all && passed_on.is_ready() {
            return Poll::Ready(Ok(()));
        }
        let now = self.clock.now();
        let (before, since) = *self.taken.get_or_insert((octets, now));
        if octets > before {
            self.taken = Some((octets, now));
        } else if now >= since + PROGRESS {
            let reason = format!("nothing taken for {PROGRESS:?}, what came last may be missing");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, reason)));
        }
        // The system has no event for acknowledgements, so ask again later.
        ready!(self.clock.poll_sleep(cx, now + LOOK));
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The interval between questions to a socket about what its peer has acknowledged.
const LOOK: Duration = Duration::from_millis(100);
