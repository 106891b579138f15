//! The poll loop between the socket and the connection.

use core::mem;
use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};

use alloc::vec::Vec;

use super::permit::Phase;
use super::recv_buffer::RecvBuffer;
use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, Socket, pool};
use crate::close::{Close, CloseCode};
use crate::config::ConnectionConfig;
use crate::connection::{ClosedBy, Connection, LookAhead};
use crate::error::{Closed, StreamError, Timeout, truncated};
use crate::time::Timestamp;

/// An open connection over a socket.
///
/// It fixes the order of the steps. Received octets are handed on before more are read. Queued octets are written and
/// flushed before it waits. It asks the clock only when there is nothing to read or write, or at the end of a turn, so
/// that it never gives up a peer whose octets wait to be read.
#[derive(Debug)]
pub(super) struct Pump<S: Socket, C: Clock> {
    pub(super) wire: Wire<S, C>,
    pub(super) connection: Connection,
    pub(super) received: RecvBuffer,
    ahead: LookAhead,
    /// The error of reading, until it is told.
    read_error: Option<io::Error>,
    /// The error of writing.
    pub(super) write_error: Option<ErrorKind>,
    /// When the clock wakes the tasks. It may be earlier than the connection's next deadline.
    pub(super) alarm: Option<Timestamp>,
    /// Whether waiting writers were woken because reading has ended.
    end_told: bool,
    /// Whether the listener's shutdown, and not the application, has closed the connection.
    dismissed: bool,
    /// Whether a drop is to tell the peer that something is missing.
    pub(super) aborted: bool,
}

impl<S: Socket, C: Clock> Pump<S, C> {
    pub(super) fn new(wire: Wire<S, C>, mut connection: Connection, received: RecvBuffer) -> Self {
        connection.work().renew();
        Self {
            wire,
            connection,
            received,
            ahead: LookAhead::new(),
            read_error: None,
            write_error: None,
            alarm: None,
            end_told: false,
            dismissed: false,
            aborted: false,
        }
    }

    pub(super) const fn socket(&self) -> &S {
        self.wire.socket()
    }

    pub(super) const fn socket_mut(&mut self) -> &mut S {
        self.wire.socket_mut()
    }

    /// Returns the socket, and the received octets that were not taken.
    pub(super) fn take_parts(&mut self) -> (S, Vec<u8>) {
        let received = mem::take(&mut self.received);
        let unread = [self.connection.partial_header(), &received.into_unread()].concat();
        (self.wire.take_socket(), unread)
    }

    /// The error of a connection that the listener has cut off.
    pub(super) fn cut_off(&self) -> Option<io::Error> {
        (self.wire.phase() == Phase::Over).then(|| StreamError::ShutDown.into())
    }

    /// Whether a reader was told how the connection has ended.
    #[cfg(feature = "futures")]
    pub(super) const fn has_told_end(&self) -> bool {
        self.end_told
    }

    /// The number of received octets that were not taken.
    pub(super) const fn unread(&self) -> usize {
        self.received.len()
    }

    /// Every poll function calls this first. It registers the task, and obeys the listener's shutdown.
    pub(super) fn register(&mut self, task: Task, cx: &Context<'_>) {
        self.wire.register(task, cx);
        if self.wire.phase() >= Phase::Closing && self.connection.can_send() {
            let is_first = self.connection.received_close().is_none();
            self.connection
                .close(&Close::new(CloseCode::GOING_AWAY, ""));
            self.dismissed = is_first;
        }
    }

    /// Passes what arrives to `decode` until it returns something. `None` at a clean end.
    pub(super) fn poll_recv<R>(
        &mut self,
        cx: &Context<'_>,
        mut decode: impl FnMut(&mut Connection, &mut &mut [u8]) -> Option<R>,
    ) -> Poll<io::Result<Option<R>>> {
        self.register(Task::Reader, cx);
        if !self.received.is_empty() || self.connection.is_inflating() {
            // The socket may not be polled below, so this has to ask whether it is the task's turn.
            ready!(self.wire.poll_proceed(&mut Context::from_waker(cx.waker())));
        }
        for _ in 0..READS_PER_POLL {
            self.expect_pings();
            let connection = &mut self.connection;
            let (decoded, taken) = self.received.take(|input| decode(connection, input));
            self.ahead.consumed(taken);
            if decoded.is_some() {
                self.send_queued();
                self.received.release();
                return Poll::Ready(Ok(decoded));
            }
            if self.connection.work().is_spent() {
                // Not at the end yet: there may be more to decode.
                break;
            }
            if let Some(ending) = self.connection.ending() {
                self.send_queued();
                // Nothing after an error is decoded.
                self.received.clear();
                // Wake writers: they may wait for a socket that takes nothing any more.
                if !mem::replace(&mut self.end_told, true) {
                    self.wire.wake();
                }
                return Poll::Ready(self.end(ending).map(|()| None));
            }
            self.send_queued();
            if self.poll_fill().is_pending() {
                self.received.release();
                self.poll_time();
                // A deadline may have ended the connection.
                if self.connection.ending().is_none() {
                    self.connection.work().renew();
                    return Poll::Pending;
                }
            }
        }
        self.send_queued();
        // A peer that always has something to send gets no more time than others.
        self.poll_time();
        // Yield to other tasks, and ask to be polled again.
        self.connection.work().renew();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads straight into `out`, if the next octets on the wire are payload. `None` if nothing arrived;
    /// [`poll_recv`](Self::poll_recv) then tells why.
    pub(super) fn poll_recv_in_place(&mut self, cx: &Context<'_>, out: &mut [u8]) -> Option<usize> {
        self.register(Task::Reader, cx);
        match self.wire.poll_read(out) {
            Poll::Ready(Ok(0)) => self.connection.recv_eof(),
            Poll::Ready(Ok(count)) => {
                self.connection.recv_in_place(&mut out[..count]);
                self.send_queued();
                return Some(count);
            }
            Poll::Ready(Err(error)) => self.read_failed(error),
            Poll::Pending => {}
        }
        None
    }

    /// Whether there is nothing left to decode.
    pub(super) const fn is_drained(&self) -> bool {
        self.received.is_empty()
    }

    /// Lets `encode` queue `len` octets once there is room, and writes them. While the socket takes nothing, short
    /// writes join in the outbox. A long one waits, to save a copy.
    pub(super) fn poll_send<R>(
        &mut self,
        len: usize,
        encode: impl FnOnce(&mut Connection) -> Result<R, Closed>,
    ) -> Poll<io::Result<R>> {
        self.check_sendable()?;
        let blocked = self.poll_write_out()?.is_pending() || !self.wire.may_write();
        if blocked
            && self.connection.can_send()
            && (self.connection.outbox().len() + len > JOINED || !self.connection.has_room())
        {
            self.poll_time();
            if self.connection.can_send() {
                return Poll::Pending;
            }
        }
        self.lend_outbox();
        let encoded = encode(&mut self.connection);
        self.send_queued();
        Poll::Ready(encoded.map_err(|closed| self.broken_pipe(closed)))
    }

    /// Writes and flushes all that is queued, and ends the socket's write direction when it is time.
    pub(super) fn poll_flush(&mut self) -> Poll<io::Result<()>> {
        self.check_writable()?;
        if self.poll_write_out()?.is_pending() {
            self.poll_time();
            return self.poll_write_out();
        }
        Poll::Ready(Ok(()))
    }

    /// Sends `close`, discards what arrives until the connection is over, and returns how it ended.
    pub(super) fn poll_close(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.register(Task::Driver, cx);
        self.connection.close(close);
        self.connection.discard_input();
        let written = ready!(self.poll_until(cx, Connection::is_settled));
        self.check_taken()?;
        self.check_limits()?;
        match written {
            // After both Closes, and once all is written, errors of the socket do not matter.
            Err(error) if self.is_cut_off() => Poll::Ready(Err(error)),
            _ => Poll::Ready(match self.connection.ending() {
                // We have closed first, so it does not matter where the peer's data was cut off.
                Some(Err(StreamError::Unfinished))
                    if self.connection.closed_by() == Some(ClosedBy::Us) =>
                {
                    Ok(())
                }
                ending => self.end(ending.unwrap_or(Err(StreamError::Truncated))),
            }),
        }
    }

    /// After both Closes: holds the socket until the peer's system has acknowledged what was sent. Dropping a socket
    /// with unread octets, or before more arrive, resets it, and what is in transit is lost.
    pub(super) fn poll_hold(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.register(Task::Writer, cx);
        let written = ready!(self.poll_until(cx, Connection::is_taken));
        Poll::Ready(self.check_taken().and(written))
    }

    /// Fails if the peer was given up before it had taken everything.
    pub(super) fn check_taken(&self) -> io::Result<()> {
        match self.connection.given_up() {
            Some(timeout @ Timeout::Progress(_)) => Err(StreamError::TimedOut(timeout).into()),
            _ => Ok(()),
        }
    }

    /// Discards what arrives until `is_done`, and returns the result of writing.
    pub(super) fn poll_until(
        &mut self,
        cx: &Context<'_>,
        is_done: fn(&Connection) -> bool,
    ) -> Poll<io::Result<()>> {
        for _ in 0..READS_PER_POLL {
            let connection = &mut self.connection;
            let ((), taken) = self.received.take(|input| connection.discard(input));
            self.ahead.consumed(taken);
            let mut written = self.poll_write_out();
            // If writing has failed, the peer will not take more than it has.
            let failed = matches!(written, Poll::Ready(Err(_)));
            let is_done = |it: &Connection| is_done(it) || (failed && it.is_over());
            if self.connection.work().is_spent() && !is_done(&self.connection) {
                break;
            }
            let connection = &self.connection;
            if !is_done(connection) && !connection.has_ended() && self.poll_fill().is_ready() {
                continue;
            }
            self.received.release();
            self.poll_time();
            if !is_done(&self.connection) {
                return Poll::Pending;
            }
            if written.is_pending() {
                written = self.poll_write_out();
            }
            return written;
        }
        // Octets after the peer's Close are not progress.
        self.poll_time();
        self.connection.work().renew();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether something was queued that will never be written. Pongs after our Close do not count.
    fn is_cut_off(&mut self) -> bool {
        let left = self.connection.close_has_left() || self.connection.outbox().is_empty();
        self.connection.output_lost() || !left
    }

    /// Reads ahead and handles control frames while the application does not read. `front` gets the received octets,
    /// and must not take data. It costs nothing unless the socket may have something to read.
    pub(super) fn look_ahead(&mut self, mut front: impl FnMut(&mut Connection, &mut &mut [u8])) {
        for _ in 0..READS_PER_POLL {
            let has_ended = self.connection.ending().is_some();
            if !self.wire.may_read() || (has_ended && !self.connection.is_half_closed()) {
                return;
            }
            // The last read, or the handshake, may have left something.
            if !self.received.is_empty() {
                self.expect_pings();
                let connection = &mut self.connection;
                let ((), taken) = self.received.take(|input| front(connection, input));
                self.ahead.consumed(taken);
                let kept = self.ahead.answer_pings(connection, self.received.unread());
                self.received.truncate(kept);
                self.send_queued();
                if self.connection.is_message_stalling() {
                    self.poll_time();
                }
                if self.connection.work().is_spent() {
                    break;
                }
            }
            if !self.received.has_space() {
                self.connection.stalled();
                return;
            }
            if self.poll_fill().is_pending() {
                self.received.release();
                return;
            }
        }
        // Yield to other tasks. The next turn looks at what was just read.
        self.connection.work().renew();
        self.wire.wake();
    }

    /// Does what is due without reading or writing data.
    pub(super) fn drive(&mut self) {
        self.send_queued();
        self.poll_time();
    }

    /// Reads once, and tells the connection of an end or an error.
    pub(super) fn poll_fill(&mut self) -> Poll<()> {
        match self.wire.poll_read(self.received.space()) {
            Poll::Ready(Ok(0)) => self.connection.recv_eof(),
            Poll::Ready(Ok(count)) => self.received.filled(count),
            Poll::Ready(Err(error)) => self.read_failed(error),
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    }

    /// Writes what can be written now. The next write reports a failure. Reads report it only once there is nothing
    /// left to read, because what the peer sent before it went away is still valid.
    pub(super) fn send_queued(&mut self) {
        let _ = self.poll_write_out();
    }

    pub(super) fn poll_write_out(&mut self) -> Poll<io::Result<()>> {
        loop {
            let outbox = self.connection.outbox();
            if outbox.is_empty() {
                if outbox.has_buffer() {
                    pool::give(outbox.take_buffer());
                }
                if let Some(timeout) = self.connection.given_up()
                    && self.connection.output_lost()
                {
                    return Poll::Ready(Err(StreamError::TimedOut(timeout).into()));
                }
                break;
            }
            self.check_writable()?;
            match ready!(
                self.wire
                    .poll_write(&[IoSlice::new(self.connection.outbox().octets())])
            ) {
                Ok(written) => self.connection.outbox().consume(written),
                Err(error) => return Poll::Ready(Err(self.write_failed(error))),
            }
        }
        let flushed = self.wire.poll_flush();
        self.connection.set_pending(flushed.is_pending(), false);
        if let Err(error) = ready!(flushed) {
            return Poll::Ready(Err(self.write_failed(error)));
        }
        if self.connection.wants_shutdown() && self.connection.given_up().is_none() {
            let shut_down = self.wire.poll_shutdown();
            self.connection.set_pending(false, shut_down.is_pending());
            ready!(shut_down);
        }
        Poll::Ready(Ok(()))
    }

    /// Many received octets may contain many pings, whose pongs need a buffer.
    fn expect_pings(&mut self) {
        if self.received.len() > MANY_PINGS {
            self.lend_outbox();
        }
    }

    /// Gives the outbox a buffer. It has none while nothing is queued.
    pub(super) fn lend_outbox(&mut self) {
        let outbox = self.connection.outbox();
        if !outbox.has_buffer() {
            outbox.lend_buffer(pool::take());
        }
    }

    /// Fails if writing to the socket has failed before.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        self.write_error.map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// Fails if nothing can be sent any more, as far as is known.
    pub(super) fn check_sendable(&self) -> io::Result<()> {
        if self.connection.given_up().is_some() {
            return Err(self.broken_pipe(Closed));
        }
        self.check_writable()
    }

    fn read_failed(&mut self, error: io::Error) {
        self.connection.recv_eof();
        self.read_error = Some(error);
    }

    pub(super) fn write_failed(&mut self, error: io::Error) -> io::Error {
        self.write_error = Some(error.kind());
        error
    }

    /// The error of a write after the end, with the reason inside.
    pub(super) fn broken_pipe(&self, closed: Closed) -> io::Error {
        let reason = match (self.connection.timed_out(), self.connection.ending()) {
            (Some(timeout), _) => StreamError::TimedOut(timeout),
            (None, Some(Err(error))) => error,
            _ => return closed.into(),
        };
        io::Error::new(ErrorKind::BrokenPipe, reason)
    }

    /// Moves everything to a new pump, which outlives the drop of this one.
    pub(super) fn take(&mut self) -> Self {
        let nothing = Connection::without_extensions(ConnectionConfig::new(), None);
        Self {
            wire: self.wire.take(),
            connection: mem::replace(&mut self.connection, nothing),
            received: mem::take(&mut self.received),
            ahead: mem::replace(&mut self.ahead, LookAhead::new()),
            read_error: self.read_error.take(),
            write_error: self.write_error,
            alarm: self.alarm,
            end_told: self.end_told,
            dismissed: self.dismissed,
            aborted: self.aborted,
        }
    }

    /// How the stream ended, as the result of a read.
    fn end(&mut self, ending: Result<(), StreamError>) -> io::Result<()> {
        // The system tells a reset only once: a write may have heard of it.
        let reset = self
            .write_error
            .filter(|kind| *kind == ErrorKind::ConnectionReset);
        let told = self.read_error.take().or_else(|| reset.map(Into::into));
        match (ending, told) {
            // The peer's Close answers the listener's: the peer may have had more to send.
            (Ok(()), _) if self.dismissed => Err(StreamError::ShutDown.into()),
            (Err(StreamError::Truncated), Some(error)) => Err(truncated(error)),
            (ending, _) => Ok(ending?),
        }
    }
}

impl<S: Socket, C: Clock> Drop for Pump<S, C> {
    fn drop(&mut self) {
        let outbox = self.connection.outbox();
        outbox.clear();
        pool::give(outbox.take_buffer());
    }
}

/// The number of reads in one poll before it yields to other tasks.
pub(super) const READS_PER_POLL: usize = 16;

/// This many octets may contain more pings than an outbox without a buffer has room for pongs.
const MANY_PINGS: usize = 256;

/// The most octets that writes join in the outbox while the socket is blocked.
const JOINED: usize = 16 << 10;
