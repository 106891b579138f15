//! The poll loop: socket to connection and back.

use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};

use alloc::vec::Vec;

use super::permit::Phase;
use super::recv_buffer::RecvBuffer;
use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, Socket, pool};
use crate::close::{Close, CloseCode};
use crate::connection::{ClosedBy, Connection, LookAhead};
use crate::error::{Closed, StreamError, Timeout};
use crate::time::Timestamp;

/// An open connection over a socket.
///
/// The order in which things are done matters, and is decided here: what was received is handed on
/// before more is read; before waiting, what is queued is written and flushed; and only when there is
/// nothing to read or write, or a turn has ended, is the clock asked, so that a peer is never given up while its
/// octets wait to be read.
#[derive(Debug)]
pub(super) struct Pump<S: Socket, C: Clock> {
    pub(super) wire: Wire<S, C>,
    pub(super) connection: Connection,
    pub(super) received: RecvBuffer,
    ahead: LookAhead,
    /// Why the socket stopped giving octets, unless it just ended or was reset.
    read_error: Option<io::Error>,
    /// Why the socket stopped taking them.
    write_error: Option<ErrorKind>,
    /// When the socket wakes us to tell the connection the time: then, or earlier than it wants.
    pub(super) alarm: Option<Timestamp>,
    /// Whether those who wait to write have been told that reading has ended.
    end_told: bool,
    /// Whether the Close that was sent first is not the application's, but the listener's.
    dismissed: bool,
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
        }
    }

    pub(super) const fn socket(&self) -> &S {
        self.wire.socket()
    }

    pub(super) const fn socket_mut(&mut self) -> &mut S {
        self.wire.socket_mut()
    }

    /// Gives the socket back, with what was received from it and not taken.
    pub(super) fn into_parts(mut self) -> (S, Vec<u8>) {
        let received = core::mem::take(&mut self.received);
        let unread = [self.connection.partial_header(), &received.into_unread()].concat();
        (self.wire.take_socket(), unread)
    }

    /// Why nothing is to be waited for any more, if the listener says so.
    pub(super) fn cut_off(&self) -> Option<io::Error> {
        (self.wire.phase() == Phase::Over).then(|| StreamError::ShutDown.into())
    }

    /// How much was received and not taken.
    pub(super) const fn unread(&self) -> usize {
        self.received.len()
    }

    /// To be called first by whatever is polled.
    pub(super) fn register(&mut self, task: Task, cx: &Context<'_>) {
        self.wire.register(task, cx);
        if self.wire.phase() >= Phase::Closing && self.connection.can_send() {
            let is_first = self.connection.received_close().is_none();
            self.connection
                .close(&Close::new(CloseCode::GOING_AWAY, ""));
            self.dismissed = is_first;
        }
    }

    /// Gives `decode` what arrives until it makes something of it; `None` at a clean end.
    pub(super) fn poll_recv<R>(
        &mut self,
        cx: &Context<'_>,
        mut decode: impl FnMut(&mut Connection, &mut &mut [u8]) -> Option<R>,
    ) -> Poll<io::Result<Option<R>>> {
        self.register(Task::Reader, cx);
        if !self.received.is_empty() || self.connection.is_inflating() {
            // The socket, which counts turns, may not be asked.
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
                // There may be more before the end.
                break;
            }
            if let Some(ending) = self.connection.ending() {
                self.send_queued();
                // What follows a fault is for nobody.
                self.received.clear();
                // Writers may wait for a socket that will never take anything again.
                if !core::mem::replace(&mut self.end_told, true) {
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
        // Who always has something to read for us has no more time for it than others.
        self.poll_time();
        // Other tasks have their turn; this one comes back by itself.
        self.connection.work().renew();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads straight into `out`, which is the place of the next octets of payload. `None` when nothing
    /// came: [`poll_recv`](Self::poll_recv) tells why.
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

    /// Whether nothing is waiting to be decoded.
    pub(super) const fn is_drained(&self) -> bool {
        self.received.is_empty()
    }

    /// Lets `encode` queue something of `len` octets once there is room, and writes it. While the socket
    /// takes nothing short writes join in the outbox; a long one waits, as it would be copied twice.
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

    /// Writes all that is queued, flushes it, and shuts the socket down if it is time.
    pub(super) fn poll_flush(&mut self) -> Poll<io::Result<()>> {
        self.check_writable()?;
        if self.poll_write_out()?.is_pending() {
            self.poll_time();
            return self.poll_write_out();
        }
        Poll::Ready(Ok(()))
    }

    /// Sends `close`, discards what comes until the connection is over, and tells how it ended.
    pub(super) fn poll_close(&mut self, cx: &Context<'_>, close: &Close) -> Poll<io::Result<()>> {
        self.register(Task::Driver, cx);
        self.connection.close(close);
        self.connection.discard_input();
        let written = ready!(self.poll_until(cx, Connection::is_settled));
        self.check_taken()?;
        match written {
            // Once both have closed, and all is written, the socket may end as it likes.
            Err(error) if self.is_cut_off() => Poll::Ready(Err(error)),
            _ => Poll::Ready(match self.connection.ending() {
                // An end that has closed first wants nothing more: where that was cut off is all the same.
                Some(Err(StreamError::Unfinished))
                    if self.connection.closed_by() == Some(ClosedBy::Us) =>
                {
                    Ok(())
                }
                ending => self.end(ending.unwrap_or(Err(StreamError::Truncated))),
            }),
        }
    }

    /// After both Closes: holds the socket until the peer has taken what was sent. To drop it with octets
    /// unread, or before more come, would reset it, and take away what is on its way.
    pub(super) fn poll_hold(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.register(Task::Writer, cx);
        let written = ready!(self.poll_until(cx, Connection::is_taken));
        Poll::Ready(self.check_taken().and(written))
    }

    /// Whether the peer was not given up before it had taken everything.
    pub(super) fn check_taken(&self) -> io::Result<()> {
        match self.connection.given_up() {
            Some(timeout @ Timeout::Progress(_)) => Err(StreamError::TimedOut(timeout).into()),
            _ => Ok(()),
        }
    }

    /// Discards what comes until this holds, and gives what became of writing.
    fn poll_until(
        &mut self,
        cx: &Context<'_>,
        is_done: fn(&Connection) -> bool,
    ) -> Poll<io::Result<()>> {
        for _ in 0..READS_PER_POLL {
            let connection = &mut self.connection;
            let ((), taken) = self.received.take(|input| connection.discard(input));
            self.ahead.consumed(taken);
            let mut written = self.poll_write_out();
            // A peer that takes nothing any more has all that it will have.
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
        // What comes behind the peer's Close is not progress.
        self.poll_time();
        self.connection.work().renew();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether something that counts was queued, has not been written, and never will be. Pongs behind our
    /// Close do not count.
    fn is_cut_off(&mut self) -> bool {
        let left = self.connection.close_has_left() || self.connection.outbox().is_empty();
        self.connection.output_lost() || !left
    }

    /// Takes what the socket has, for the control frames in it, while nobody reads: `front` is given
    /// the front of what was received, and must not take data. Costs nothing unless the socket may
    /// have something.
    pub(super) fn look_ahead(&mut self, mut front: impl FnMut(&mut Connection, &mut &mut [u8])) {
        for _ in 0..READS_PER_POLL {
            let has_ended = self.connection.ending().is_some();
            if !self.wire.may_read() || (has_ended && !self.connection.is_half_closed()) {
                return;
            }
            // A reader may have left something, or the handshake.
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
        // Other tasks have their turn; what was just read is looked at then.
        self.connection.work().renew();
        self.wire.wake();
    }

    /// Does what is due, without taking data.
    pub(super) fn drive(&mut self) {
        self.send_queued();
        self.poll_time();
    }

    /// Reads once. An end or an error is told to the connection.
    pub(super) fn poll_fill(&mut self) -> Poll<()> {
        match self.wire.poll_read(self.received.space()) {
            Poll::Ready(Ok(0)) => self.connection.recv_eof(),
            Poll::Ready(Ok(count)) => self.received.filled(count),
            Poll::Ready(Err(error)) => self.read_failed(error),
            Poll::Pending => return Poll::Pending,
        }
        Poll::Ready(())
    }

    /// Writes what can be written now. If that fails, writers are told, and readers only once there is
    /// nothing left to read: what the peer said before it went away counts.
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

    /// Where much was received there may be many pings, whose pongs need a buffer.
    fn expect_pings(&mut self) {
        if self.received.len() > MANY_PINGS {
            self.lend_outbox();
        }
    }

    /// What is queued needs a buffer; those who have nothing queued have none.
    pub(super) fn lend_outbox(&mut self) {
        let outbox = self.connection.outbox();
        if !outbox.has_buffer() {
            outbox.lend_buffer(pool::take());
        }
    }

    /// Whether the socket takes octets, as far as is known.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        self.write_error.map_or(Ok(()), |kind| Err(kind.into()))
    }

    /// Whether anything can be sent at all, as far as is known.
    pub(super) fn check_sendable(&self) -> io::Result<()> {
        if self.connection.given_up().is_some() {
            return Err(self.broken_pipe(Closed));
        }
        self.check_writable()
    }

    fn read_failed(&mut self, error: io::Error) {
        self.connection.recv_eof();
        if !is_reset(&error) {
            self.read_error = Some(error);
        }
    }

    pub(super) fn write_failed(&mut self, error: io::Error) -> io::Error {
        self.write_error = Some(error.kind());
        error
    }

    /// Why nothing can be written any more.
    pub(super) fn broken_pipe(&self, closed: Closed) -> io::Error {
        let reason = match (self.connection.given_up(), self.connection.ending()) {
            (Some(timeout), _) => StreamError::TimedOut(timeout),
            (None, Some(Err(error))) => error,
            _ => return closed.into(),
        };
        io::Error::new(ErrorKind::BrokenPipe, reason)
    }

    /// Tells the peer, if that can be done at once and nothing is cut off by it. Who means that all is well
    /// has shut down before.
    fn say_goodbye(&mut self) {
        if !self.connection.can_send() {
            return;
        }
        self.send_queued();
        let unsent = !self.connection.outbox().is_empty() || self.connection.is_sending();
        if unsent || self.write_error.is_some() {
            return;
        }
        let is_dismissed = self.wire.phase() >= Phase::Closing;
        let code = if std::thread::panicking() {
            CloseCode::INTERNAL
        } else if is_dismissed || !self.connection.config().close_on_drop {
            CloseCode::GOING_AWAY
        } else {
            CloseCode::NORMAL
        };
        self.connection.close(&Close::new(code, ""));
        self.send_queued();
    }

    /// How the stream ended, as a result.
    fn end(&mut self, ending: Result<(), StreamError>) -> io::Result<()> {
        match (ending, self.read_error.take()) {
            // The peer's Close is an answer to ours: it may have had more to say.
            (Ok(()), _) if self.dismissed => Err(StreamError::ShutDown.into()),
            (Err(StreamError::Truncated), Some(error)) => Err(error),
            (ending, _) => Ok(ending?),
        }
    }
}

/// TLS's drop: see [`say_goodbye`](Self::say_goodbye).
impl<S: Socket, C: Clock> Drop for Pump<S, C> {
    fn drop(&mut self) {
        self.say_goodbye();
        let outbox = self.connection.outbox();
        outbox.clear();
        pool::give(outbox.take_buffer());
    }
}

/// A socket that was reset has ended; how, its octets tell, or their lack.
fn is_reset(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof
    )
}

/// How often one poll reads before other tasks have their turn.
pub(super) const READS_PER_POLL: usize = 16;

/// What may hold more pings than an outbox without a buffer holds pongs, each a little longer.
const MANY_PINGS: usize = 256;

/// How much is joined in the outbox while the socket is blocked.
const JOINED: usize = 16 << 10;
