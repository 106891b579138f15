//! What a relay joins: WebSockets, and sockets of any other kind.

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

    /// A peer that was given up. One that has closed and gone wants nothing more.
    fn lost(&mut self) -> Option<io::Error> {
        let given_up = self.connection().given_up();
        given_up.map(|_| self.inner.pump.broken_pipe(Closed))
    }

    fn cut_off(&mut self) -> Option<io::Error> {
        self.inner.pump.cut_off()
    }

    /// A failure is told with Close 1011, and not what it was: that is for our logs.
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

/// An end that is a socket. One that has [an end of its own](Socket::relay_end), as WebSocket has, is asked by that.
///
/// Any other flushes once after it was written, and shuts down once: there are sockets for which each is work
/// that begins anew whenever it is asked for, such as a standard output whose work another thread does.
#[derive(Debug)]
pub struct SocketEnd<S, C> {
    socket: S,
    clock: C,
    needs_flush: bool,
    is_shut_down: bool,
    /// Whether nothing more can be read.
    has_ended: bool,
    /// What the peer had taken at the last look, and since when that is so.
    taken: Option<(u64, Timestamp)>,
}

impl<S: Socket, C: Clock> SocketEnd<S, C> {
    /// The end that reads from this socket, and writes to it.
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

    /// What was written goes first: not every socket's shutdown sees to that. Some fail where both
    /// directions have ended already, which is as good.
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

    /// A failure is not told: whoever owns the socket can reset it once this is ready. Dropping it resets it
    /// too, where its peer still talks. So what it was given is waited for until the peer has it, or takes
    /// nothing any more, which is an error; what the peer has to say before it listens is discarded.
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
        // What a reset has taken away would pass for taken.
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
        // No event tells.
        ready!(self.clock.poll_sleep(cx, now + LOOK));
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// How often a socket is asked what its peer has taken.
const LOOK: Duration = Duration::from_millis(100);
