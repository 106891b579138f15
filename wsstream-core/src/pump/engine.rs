//! The poll loop: transport to connection and back.

use core::task::{Context, Poll, ready};
use std::io::{self, ErrorKind, IoSlice};

use alloc::vec::Vec;

use super::permit::Phase;
use super::recv_buffer::RecvBuffer;
use super::wakers::Task;
use super::wire::Wire;
use super::{Transport, pool};
use crate::close::{Close, CloseCode};
use crate::connection::{ClosedBy, Connection, LookAhead};
use crate::error::StreamError;
use crate::time::Timestamp;

/// An open connection over a transport.
///
/// The order in which things are done matters, and is decided here: what was received is handed on
/// before more is read; before waiting, what is queued is written and flushed; and only when there is
/// nothing to read or write is the clock asked, so that a peer is never given up while its octets
/// wait to be read.
#[derive(Debug)]
pub(super) struct Pump<T: Transport> {
    pub(super) wire: Wire<T>,
    pub(super) connection: Connection,
    pub(super) received: RecvBuffer,
    ahead: LookAhead,
    /// Why the transport stopped giving octets, unless it just ended or was reset.
    read_error: Option<io::Error>,
    /// Why the transport stopped taking them.
    write_error: Option<ErrorKind>,
    /// When the connection wants to be told the time.
    deadline: Option<Timestamp>,
    /// Whether those who wait to write have been told that reading has ended.
    end_told: bool,
    /// Whether the Close that was sent first is not the application's, but the listener's.
    dismissed: bool,
}

impl<T: Transport> Pump<T> {
    pub(super) fn new(wire: Wire<T>, connection: Connection, received: RecvBuffer) -> Self {
        Self {
            wire,
            connection,
            received,
            ahead: LookAhead::new(),
            read_error: None,
            write_error: None,
            deadline: None,
            end_told: false,
            dismissed: false,
        }
    }

    pub(super) const fn transport(&self) -> &T {
        self.wire.transport()
    }

    pub(super) const fn transport_mut(&mut self) -> &mut T {
        self.wire.transport_mut()
    }

    /// Gives the transport back, with what was received from it and not taken.
    pub(super) fn into_parts(mut self) -> (T, Vec<u8>) {
        let received = core::mem::take(&mut self.received);
        let unread = [self.connection.partial_header(), &received.into_unread()].concat();
        (self.wire.take_transport(), unread)
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
            if let Some(ending) = self.connection.ending() {
                self.send_queued();
                // What follows a fault is for nobody.
                self.received.clear();
                // Writers may wait for a transport that will never take anything again.
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
                    return Poll::Pending;
                }
            }
        }
        // Other tasks have their turn; this one comes back by itself.
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

    /// Lets `encode` queue something of `len` octets once there is room, and writes it. While the transport
    /// takes nothing short writes join in the outbox; a long one waits, as it would be copied twice.
    pub(super) fn poll_send<R, E: Into<io::Error>>(
        &mut self,
        len: usize,
        encode: impl FnOnce(&mut Connection) -> Result<R, E>,
    ) -> Poll<io::Result<R>> {
        self.check_writable()?;
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
        let encoded = encode(&mut self.connection).map_err(Into::into);
        self.send_queued();
        Poll::Ready(encoded)
    }

    /// Writes all that is queued, flushes it, and shuts the transport down if it is time.
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
        for _ in 0..READS_PER_POLL {
            let connection = &mut self.connection;
            let (more, taken) = self
                .received
                .take(|input| connection.discard(DISCARDED_AT_ONCE, input));
            self.ahead.consumed(taken);
            let mut written = self.poll_write_out();
            if more || !self.connection.is_over() && self.poll_fill().is_ready() {
                continue;
            }
            self.received.release();
            self.poll_time();
            if !self.connection.is_over() {
                return Poll::Pending;
            }
            if written.is_pending() {
                written = self.poll_write_out();
            }
            return match ready!(written) {
                // Once both have closed, and all is written, the transport may end as it likes.
                Err(error) if self.is_cut_off() => Poll::Ready(Err(error)),
                _ => Poll::Ready(match self.connection.ending() {
                    // Who has closed first wants nothing more: where that was cut off is all the same.
                    Some(Err(StreamError::Unfinished))
                        if self.connection.closed_by() == Some(ClosedBy::Us) =>
                    {
                        Ok(())
                    }
                    ending => self.end(ending.unwrap_or(Err(StreamError::Truncated))),
                }),
            };
        }
        // What comes behind the peer's Close is not progress.
        self.poll_time();
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether something that was queued has not been written, and never will be.
    fn is_cut_off(&mut self) -> bool {
        self.connection.output_lost() || !self.connection.outbox().is_empty()
    }

    /// Takes what the transport has, for the control frames in it, while nobody reads: `front` is given
    /// the front of what was received, and must not take data. Costs nothing unless the transport may
    /// have something.
    pub(super) fn look_ahead(&mut self, mut front: impl FnMut(&mut Connection, &mut &mut [u8])) {
        for _ in 0..READS_PER_POLL {
            if !self.wire.may_read() || self.connection.ending().is_some() {
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
        self.wire.wake();
    }

    /// Does what is due, without taking data.
    pub(super) fn drive(&mut self) {
        self.send_queued();
        self.poll_time();
    }

    /// Reads once. An end or an error is told to the connection.
    fn poll_fill(&mut self) -> Poll<()> {
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
                if self.connection.output_lost() {
                    return Poll::Ready(Err(ErrorKind::TimedOut.into()));
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
        if self.connection.wants_shutdown() && !self.connection.has_given_up() {
            let shut_down = self.wire.poll_shutdown();
            self.connection.set_pending(false, shut_down.is_pending());
            ready!(shut_down);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what can be written past the runtime's readiness.
    pub(super) fn retry_write(&mut self) {
        while self.check_writable().is_ok() {
            let octets = IoSlice::new(self.connection.outbox().octets());
            // What a layer holds back comes first, and may be all.
            let bufs = [octets];
            let bufs = &bufs[usize::from(octets.is_empty())..];
            match self.wire.poll_retry_write(bufs) {
                Poll::Ready(Ok(0)) | Poll::Pending => return,
                Poll::Ready(Ok(written)) => self.connection.outbox().consume(written),
                Poll::Ready(Err(error)) => drop(self.write_failed(error)),
            }
        }
    }

    /// Tells the connection the time, if it wants to know, and writes what that brought about.
    pub(super) fn poll_time(&mut self) {
        if !self.connection.wants_time() {
            if self.deadline.take().is_some() {
                self.wire.forget_sleep();
            }
            return;
        }
        let mut now = self.wire.now();
        if let Some(due) = self.deadline.filter(|&deadline| deadline <= now) {
            // A task that was starved may be here before its runtime has looked at its sockets. It looks
            // at them when it looks at its timers.
            if self.wire.poll_sleep(due).is_pending() {
                return;
            }
            self.listen();
        }
        loop {
            self.deadline = self.connection.poll_time(now);
            match self.deadline {
                Some(deadline) if self.wire.poll_sleep(deadline).is_ready() => {
                    now = deadline.max(now);
                }
                _ => break,
            }
        }
        self.send_queued();
    }

    /// Asks the transport for octets once more, before the peer's silence is held against it.
    fn listen(&mut self) {
        if self.connection.ending().is_some() {
            return;
        }
        if !self.received.has_space() {
            self.connection.stalled();
            return;
        }
        self.wire.retry_read();
        if self.poll_fill().is_ready() {
            self.connection.stalled();
            // Whoever is to have them does not know of them.
            self.wire.wake();
        } else {
            self.received.release();
        }
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

    /// Whether the transport takes octets, as far as is known.
    pub(super) fn check_writable(&self) -> io::Result<()> {
        self.write_error.map_or(Ok(()), |kind| Err(kind.into()))
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

    /// Tells the peer, if that can be done at once and nothing is cut off by it.
    fn say_goodbye(&mut self) {
        let unsent = !self.connection.outbox().is_empty() || self.connection.is_sending();
        if unsent || !self.connection.can_send() || self.write_error.is_some() {
            return;
        }
        let code = if std::thread::panicking() {
            CloseCode::INTERNAL
        } else if self.wire.phase() >= Phase::Closing {
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

/// TCP's drop: see [`say_goodbye`](Self::say_goodbye).
impl<T: Transport> Drop for Pump<T> {
    fn drop(&mut self) {
        self.say_goodbye();
        let outbox = self.connection.outbox();
        outbox.clear();
        pool::give(outbox.take_buffer());
    }
}

/// A transport that was reset has ended; how, its octets tell, or their lack.
fn is_reset(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof
    )
}

/// How often one poll reads before other tasks have their turn.
pub(super) const READS_PER_POLL: usize = 16;

/// How much is discarded before more is read: all that was received, unless it was compressed.
pub(super) const DISCARDED_AT_ONCE: usize = pool::BUFFER_LEN;

/// What may hold more pings than an outbox without a buffer holds pongs, each a little longer.
const MANY_PINGS: usize = 256;

/// How much is joined in the outbox while the transport is blocked.
const JOINED: usize = 16 << 10;
