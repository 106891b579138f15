//! Joining two ends: what comes out of one goes into the other, both ways.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker, ready};
use std::io::{self, IoSlice};

use super::stream::Stream;
use super::{Transport, pool};
use crate::close::{Close, CloseCode};
use crate::octets::Octets;

/// One end of a relay.
pub trait End {
    /// Reads into `buf`; 0 octets mean the end.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `data`.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>>;

    /// Passes on what it holds back.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Ends the direction that is written; the other one goes on.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Does what is due while nothing is read or written.
    fn poll_drive(&mut self, cx: &mut Context<'_>);

    /// Whether nothing can be written any more. Then what the other end has not said yet is not waited
    /// for.
    fn is_closed(&self) -> bool;

    /// Why nothing is to be waited for any more, if the end has been cut off: the
    /// [`Listener`](super::Listener) that it came from has shut down, and its time is over.
    fn cut_off(&self) -> Option<io::Error> {
        None
    }

    /// Ends both directions, and waits for the peer as long as that takes. `failure` is what the other
    /// end failed with: then what was carried may be cut short, and the peer is to know.
    ///
    /// # Errors
    ///
    /// The end's.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        failure: Option<&io::Error>,
    ) -> Poll<io::Result<()>>;
}

impl<T: Transport> End for Stream<T> {
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

    fn is_closed(&self) -> bool {
        !self.connection().can_send()
    }

    fn cut_off(&self) -> Option<io::Error> {
        self.pump.cut_off()
    }

    /// A failure is told with Close 1011.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        failure: Option<&io::Error>,
    ) -> Poll<io::Result<()>> {
        let close = failure.map_or_else(
            || Close::new(CloseCode::NORMAL, ""),
            |error| Close::new(CloseCode::INTERNAL, &error.to_string()),
        );
        Self::poll_close(self, cx, &close)
    }
}

/// An end that is a transport itself, without WebSocket.
///
/// It flushes once after it was written, and shuts down once: there are transports for which each is work
/// that begins anew whenever it is asked for, such as a standard output whose work another thread does.
#[derive(Debug)]
pub struct Plain<T> {
    transport: T,
    needs_flush: bool,
    is_shut_down: bool,
}

impl<T: Transport> Plain<T> {
    /// The end that reads from this transport, and writes to it.
    pub const fn new(transport: T) -> Self {
        Self {
            transport,
            needs_flush: false,
            is_shut_down: false,
        }
    }
}

impl<T: Transport> End for Plain<T> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.transport.poll_read(cx, buf)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(self.transport.poll_write(cx, &[IoSlice::new(data)]));
        self.needs_flush = true;
        Poll::Ready(written)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.needs_flush {
            ready!(self.transport.poll_flush(cx))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// What was written goes first: not every transport's shutdown sees to that. Some fail where both
    /// directions have ended already, which is as good.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(End::poll_flush(self, cx))?;
        if !self.is_shut_down {
            match ready!(self.transport.poll_shutdown(cx)) {
                Err(error) if error.kind() != io::ErrorKind::NotConnected => {
                    return Poll::Ready(Err(error));
                }
                _ => self.is_shut_down = true,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_drive(&mut self, _: &mut Context<'_>) {}

    fn is_closed(&self) -> bool {
        false
    }

    /// A failure is not told: whoever owns the transport can reset it.
    fn poll_close(
        &mut self,
        cx: &mut Context<'_>,
        failure: Option<&io::Error>,
    ) -> Poll<io::Result<()>> {
        match failure {
            Some(_) => End::poll_flush(self, cx),
            None => End::poll_shutdown(self, cx),
        }
    }
}

/// Carries octets between two ends until both have ended, or one fails.
///
/// Unlike a plain copy it drives both ends on every wake: timers, pongs and a delayed Close of one end
/// go on while the other has nothing to say. The end of one direction is passed on as the end of that
/// direction (half close); who does not take octets stops the other end from being read. Where
/// writing to an end fails, what it would have had is discarded, and what it still says is carried. When one
/// end fails the other one is closed in a way that says so, if it can.
///
/// It borrows the ends, so that their owner can still ask them how they ended. Dropping it while octets
/// are under way loses them, and closes the end that was to have them as if the other had failed.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Relay<'a, A: End, B: End> {
    a: &'a mut A,
    b: &'a mut B,
    a_to_b: Direction,
    b_to_a: Direction,
    /// Set once both directions are done; then what is left is to close both ends.
    relayed: Option<Relayed>,
    /// Whether either end is closed.
    closed: [bool; 2],
}

/// What a relay carried, and which end failed, if one did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Relayed {
    /// Octets from the first end to the second.
    pub a_to_b: u64,
    /// Octets from the second end to the first.
    pub b_to_a: u64,
    /// What the first end failed with.
    pub a_failed: Option<io::Error>,
    /// What the second end failed with.
    pub b_failed: Option<io::Error>,
}

impl Relayed {
    /// The octets carried from the first end to the second and back, if neither failed.
    ///
    /// # Errors
    ///
    /// What the first end failed with, or else the second.
    pub fn into_result(self) -> io::Result<(u64, u64)> {
        match self.a_failed.or(self.b_failed) {
            Some(error) => Err(error),
            None => Ok((self.a_to_b, self.b_to_a)),
        }
    }
}

impl<'a, A: End, B: End> Relay<'a, A, B> {
    /// A relay that has carried nothing yet.
    pub fn new(a: &'a mut A, b: &'a mut B) -> Self {
        Self {
            a,
            b,
            a_to_b: Direction::default(),
            b_to_a: Direction::default(),
            relayed: None,
            closed: [false; 2],
        }
    }

    fn poll_carry(&mut self, cx: &mut Context<'_>) -> Poll<Relayed> {
        let a_to_b = self.a_to_b.poll(self.a, self.b, cx);
        let b_to_a = self.b_to_a.poll(self.b, self.a, cx);
        let mut relayed = Relayed {
            a_to_b: self.a_to_b.carried,
            b_to_a: self.b_to_a.carried,
            ..Relayed::default()
        };
        match (a_to_b, b_to_a) {
            (Poll::Ready(Err(error)), _) => relayed.a_failed = Some(error),
            (_, Poll::Ready(Err(error))) => relayed.b_failed = Some(error),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => {
                relayed.a_failed = self.b_to_a.write_error.take();
                relayed.b_failed = self.a_to_b.write_error.take();
            }
            _ => {
                let closed = (self.a.is_closed(), self.b.is_closed());
                self.a.poll_drive(cx);
                self.b.poll_drive(cx);
                // Octets may be under way that an end does not take: it is not waited for.
                (relayed.a_failed, relayed.b_failed) = (self.a.cut_off(), self.b.cut_off());
                if relayed.a_failed.is_none() && relayed.b_failed.is_none() {
                    if closed != (self.a.is_closed(), self.b.is_closed()) {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(relayed)
    }
}

impl<A: End, B: End> Drop for Relay<'_, A, B> {
    fn drop(&mut self) {
        let cut_off = io::Error::other("the relay was ended");
        let cx = &mut Context::from_waker(Waker::noop());
        // One attempt; whether it succeeds or not, the end will not pass for a good one.
        if self.a_to_b.has_octets() {
            let _ = self.b.poll_close(cx, Some(&cut_off));
        }
        if self.b_to_a.has_octets() {
            let _ = self.a.poll_close(cx, Some(&cut_off));
        }
    }
}

impl<A: End, B: End> Future for Relay<'_, A, B> {
    type Output = Relayed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Relayed> {
        let this = &mut *self;
        if this.relayed.is_none() {
            let Poll::Ready(relayed) = this.poll_carry(cx) else {
                return Poll::Pending;
            };
            this.relayed = Some(relayed);
        }
        let Some(relayed) = &mut this.relayed else {
            return Poll::Pending;
        };
        let Relayed {
            a_failed, b_failed, ..
        } = relayed;
        let (a_failure, b_failure) = (a_failed.is_some(), b_failed.is_some());
        if !this.closed[0]
            && let Poll::Ready(closed) = this.a.poll_close(cx, b_failed.as_ref())
        {
            this.closed[0] = true;
            // What comes of telling about a failure is no news.
            if !a_failure && !b_failure {
                *a_failed = closed.err();
            }
        }
        if !this.closed[1]
            && let Poll::Ready(closed) = this.b.poll_close(cx, a_failed.as_ref())
        {
            this.closed[1] = true;
            if !a_failure && !b_failure {
                *b_failed = closed.err();
            }
        }
        let is_cut_off = this.a.cut_off().or_else(|| this.b.cut_off()).is_some();
        match this.closed {
            [true, true] => this.relayed.take().map_or(Poll::Pending, Poll::Ready),
            // One attempt was all there is time for.
            _ if is_cut_off => this.relayed.take().map_or(Poll::Pending, Poll::Ready),
            _ => Poll::Pending,
        }
    }
}

/// One way through the relay. It has a buffer only while there is something in it.
#[derive(Default)]
struct Direction {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    carried: u64,
    state: State,
    /// Why nothing more can be written. What the other direction still brings is waited for; what this one
    /// does is discarded, as who says it may not listen until it is taken.
    write_error: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Carrying,
    Ending,
    Ended,
}

/// Without the octets.
impl fmt::Debug for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direction")
            .field("waiting", &Octets(self.end - self.start))
            .field("carried", &self.carried)
            .field("state", &self.state)
            .field("write_error", &self.write_error)
            .finish()
    }
}

impl Direction {
    /// Carries what can be carried. Fails if reading does; an error of writing is kept, and ends it.
    fn poll(
        &mut self,
        from: &mut impl End,
        to: &mut impl End,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        for _ in 0..TURNS_PER_POLL {
            let step = match self.state {
                State::Ended if self.write_error.is_some() => return Self::discard(from, cx),
                State::Ended => return Poll::Ready(Ok(())),
                State::Ending => to.poll_shutdown(cx).map_ok(|()| self.state = State::Ended),
                State::Carrying if self.has_octets() => self.write(to, cx),
                State::Carrying => {
                    if self.buffer.is_empty() {
                        self.buffer = pool::take();
                    }
                    match from.poll_read(cx, &mut self.buffer) {
                        Poll::Ready(Ok(0)) => {
                            self.state = State::Ending;
                            self.release();
                            Poll::Ready(Ok(()))
                        }
                        Poll::Ready(Ok(count)) => {
                            (self.start, self.end) = (0, count);
                            Poll::Ready(Ok(()))
                        }
                        Poll::Ready(Err(error)) => {
                            self.release();
                            return Poll::Ready(Err(error));
                        }
                        Poll::Pending if to.is_closed() => {
                            // Who would have had it has gone, and nothing was cut off by that.
                            self.state = State::Ended;
                            self.release();
                            Poll::Ready(Ok(()))
                        }
                        Poll::Pending => {
                            self.release();
                            // Nothing more will follow soon: what went before is not to wait for it.
                            match to.poll_flush(cx) {
                                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                                _ => Poll::Pending,
                            }
                        }
                    }
                }
            };
            match step {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => {
                    self.write_error = Some(error);
                    self.state = State::Ended;
                    self.release();
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn write(&mut self, to: &mut impl End, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        to.poll_write(cx, &self.buffer[self.start..self.end])
            .map(|written| match written {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.start += count;
                    self.carried += count as u64;
                    Ok(())
                }
                Err(error) => Err(error),
            })
    }

    /// Reads what there is, for nobody; how that ends is of no interest. This direction has ended before.
    fn discard(from: &mut impl End, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut discarded = pool::take();
        let has_more = (0..TURNS_PER_POLL)
            .all(|_| matches!(from.poll_read(cx, &mut discarded), Poll::Ready(Ok(1..))));
        pool::give(discarded);
        if has_more {
            cx.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    /// Whether something was read and not written.
    const fn has_octets(&self) -> bool {
        self.start < self.end
    }

    fn release(&mut self) {
        (self.start, self.end) = (0, 0);
        pool::give(core::mem::take(&mut self.buffer));
    }
}

/// How many steps one direction goes before the other, and other tasks, have their turn.
const TURNS_PER_POLL: usize = 32;
