//! One direction of a relay.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;

use super::{Carried, Ended, PROGRESS};
use crate::close::CloseCode;
use crate::octets::Octets;
use crate::pump::{RelayEnd, pool};
use crate::time::Timestamp;

/// One direction of a relay. It holds a buffer only while there is something in it.
#[derive(Default)]
pub(super) struct Direction {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// The number of octets written.
    octets: u64,
    state: State,
    /// How it ended. `None` while it goes on, and if the relay ends before it does.
    ended: Option<Ended>,
    /// Whether the end of the source was read.
    source_ended: bool,
    /// Whether reading from the source has failed.
    source_failed: bool,
    /// While it waits for the reverse direction: how far that has come.
    waited: Progress,
    /// How long it has waited in vain for the reverse direction.
    gave_up: Option<Duration>,
    /// While it is blocked and its source has hung up: how far it has come.
    blocked: Progress,
    /// The error of writing. It does not end the other direction.
    write_error: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Carrying,
    Ending,
    /// Discards what still arrives: its sender may not read until it has been taken.
    Discarding,
    Ended,
}

/// What to do about the end of a direction once everything was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// It waits for the reverse direction, which it would cut off.
    Later,
    /// The destination is told that it has everything.
    Whole,
    /// The destination is told later that something is missing: see [`Direction::code`].
    Missing,
}

/// Prints lengths instead of octets.
impl fmt::Debug for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Direction")
            .field("waiting", &Octets(self.end - self.start))
            .field("octets", &self.octets)
            .field("state", &self.state)
            .field("write_error", &self.write_error)
            .finish()
    }
}

impl Direction {
    /// Whether it carries nothing more.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.state, State::Discarding | State::Ended)
    }

    /// Whether the source has said that it is done.
    pub(super) const fn source_ended(&self) -> bool {
        self.source_ended
    }

    /// Whether it waits for the destination.
    const fn is_blocked(&self, telling: Telling) -> bool {
        let ends = matches!(self.state, State::Ending) && !matches!(telling, Telling::Later);
        self.has_octets() || ends
    }

    /// What to do about its end, where `to` is its destination. An end that would cut off the `reverse` direction is
    /// delayed until that is over.
    pub(super) fn telling(&self, to: &mut (impl RelayEnd + ?Sized), reverse: &Self) -> Telling {
        if self.gave_up.is_none() && !reverse.is_over() && !to.half_closes() && !to.is_closed() {
            Telling::Later
        } else if reverse.failed_its_source() {
            Telling::Missing
        } else {
            Telling::Whole
        }
    }

    /// Whether its source has to be told of a failure: what it has sent was lost, or the end of it may be missing.
    const fn failed_its_source(&self) -> bool {
        self.has_write_failed() || self.gave_up.is_some()
    }

    /// How the destination is closed, once nothing more is carried. `reverse` is the other direction.
    pub(super) const fn code(&self, reverse: &Self) -> CloseCode {
        match self.ended {
            Some(Ended::Complete | Ended::DestinationClosed) if !reverse.failed_its_source() => {
                CloseCode::NORMAL
            }
            _ => CloseCode::INTERNAL,
        }
    }

    /// Tells the destination that the relay is dropped, unless it knows already that it has everything.
    pub(super) fn drop_to(&self, to: &mut (impl RelayEnd + ?Sized), reverse: &Self) {
        let cx = &mut Context::from_waker(Waker::noop());
        let is_whole = match self.state {
            _ if reverse.failed_its_source() => false,
            State::Ending => matches!(to.poll_shutdown(cx), Poll::Ready(Ok(()))),
            _ => self.code(reverse) == CloseCode::NORMAL,
        };
        if !is_whole {
            // One attempt. Even if it does not succeed, the peer sees no clean end.
            let _ = to.poll_close(cx, CloseCode::GOING_AWAY);
        }
    }

    /// How long it may wait for the `reverse` direction, if it does.
    pub(super) fn limit(
        &self,
        reverse: &Self,
        telling: Telling,
        patience: Duration,
    ) -> Option<Duration> {
        match self.state {
            State::Ending if telling == Telling::Later => Some(patience),
            State::Discarding if !reverse.is_over() && self.gave_up.is_none() => Some(DISCARDING),
            _ => None,
        }
    }

    /// Gives up waiting for the `reverse` direction if that makes no progress for the limit, or returns when it would.
    pub(super) fn wait(
        &mut self,
        reverse: &Self,
        limit: Duration,
        now: Timestamp,
    ) -> Option<Timestamp> {
        // Octets that wait here for a slow reader are progress too.
        let since = match reverse.has_octets() {
            true => self.waited.begin(reverse.octets, now),
            false => self.waited.since(reverse.octets, now),
        };
        if now >= since + limit {
            self.gave_up = Some(limit);
            return None;
        }
        Some(since + limit)
    }

    /// Whether it has discarded for so long that the relay has to end.
    pub(super) fn has_given_up(&self) -> bool {
        self.state == State::Discarding && self.gave_up.is_some()
    }

    /// Whether writing to the destination has failed.
    pub(super) const fn has_write_failed(&self) -> bool {
        matches!(self.ended, Some(Ended::WriteFailed))
    }

    /// Whether no read would tell that the source has gone, although that matters.
    pub(super) const fn wants_to_ask(&self, reverse: &Self, telling: Telling) -> bool {
        self.is_blocked(telling) || (self.source_ended && !reverse.is_over())
    }

    /// Acts on a source that has hung up, or has not. Returns whether anything has ended.
    pub(super) fn asked(
        &mut self,
        has_hung_up: bool,
        to: &mut (impl RelayEnd + ?Sized),
        reverse: &mut Self,
        telling: Telling,
        now: Timestamp,
    ) -> bool {
        let is_gone = has_hung_up && self.source_ended && !reverse.is_over();
        if is_gone {
            reverse.destination_closed();
        }
        if !has_hung_up || !self.is_blocked(telling) {
            self.blocked = Progress::default();
            return is_gone;
        }
        let taken = to.taken().map_or(0, |taken| taken.octets);
        let is_stuck = now >= self.blocked.since(self.octets + taken, now) + PROGRESS;
        if is_stuck {
            self.write_failed(given_up());
        }
        is_gone || is_stuck
    }

    /// What it has carried, and how it ended. `reverse` is the other direction, whose end may have cut this one short.
    pub(super) fn carried(&self, reverse: &Self) -> Carried {
        let ended = match self.ended {
            Some(Ended::Complete | Ended::DestinationClosed) if reverse.gave_up.is_some() => {
                Ended::PatienceOver
            }
            // The destination did not close but fail: reading from it failed.
            Some(Ended::DestinationClosed) if reverse.source_failed => Ended::Interrupted,
            Some(ended) => ended,
            None => Ended::Interrupted,
        };
        Carried {
            octets: self.octets,
            ended,
        }
    }

    /// The error of the destination.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        let gave_up = self.gave_up.map(|waited| {
            let reason = format!("no more of the reply for {waited:?}, it may be cut short");
            io::Error::new(io::ErrorKind::TimedOut, reason)
        });
        self.write_error.take().or(gave_up)
    }

    /// Carries what it can. Fails if reading does. An error of writing is kept, and ends the direction.
    pub(super) fn poll(
        &mut self,
        from: &mut (impl RelayEnd + ?Sized),
        to: &mut (impl RelayEnd + ?Sized),
        telling: Telling,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        for _ in 0..TURNS_PER_POLL {
            let step = match self.state {
                State::Discarding => {
                    if let Poll::Ready(ended) = discard(from, cx) {
                        self.state = State::Ended;
                        (self.source_ended, self.source_failed) = (ended.is_ok(), ended.is_err());
                        return Poll::Ready(ended);
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Ended => return Poll::Ready(Ok(())),
                State::Ending => match telling {
                    Telling::Later => match to.poll_flush(cx) {
                        Poll::Ready(Ok(())) => Poll::Pending,
                        failed => failed,
                    },
                    Telling::Whole => to.poll_shutdown(cx).map_ok(|()| self.complete()),
                    Telling::Missing => {
                        self.complete();
                        Poll::Ready(Ok(()))
                    }
                },
                State::Carrying if self.has_octets() => self.write(to, cx),
                State::Carrying => {
                    if self.buffer.is_empty() {
                        self.buffer = pool::take();
                    }
                    match from.poll_read(cx, &mut self.buffer) {
                        Poll::Ready(Ok(0)) => {
                            (self.state, self.source_ended) = (State::Ending, true);
                            self.release();
                            Poll::Ready(Ok(()))
                        }
                        Poll::Ready(Ok(count)) => {
                            (self.start, self.end) = (0, count);
                            Poll::Ready(Ok(()))
                        }
                        Poll::Ready(Err(error)) => {
                            (self.ended, self.source_failed) = (Some(Ended::ReadFailed), true);
                            self.release();
                            return Poll::Ready(Err(error));
                        }
                        Poll::Pending if to.is_closed() => {
                            self.destination_closed();
                            to.lost()
                                .map_or(Poll::Ready(Ok(())), |error| Poll::Ready(Err(error)))
                        }
                        Poll::Pending => {
                            self.release();
                            // Nothing more follows soon, so send what is buffered.
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
                Poll::Ready(Err(error)) => self.write_failed(error),
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn complete(&mut self) {
        (self.state, self.ended) = (State::Ended, Some(Ended::Complete));
    }

    /// The destination has closed. That may cut nothing off.
    fn destination_closed(&mut self) {
        self.over(Ended::DestinationClosed);
    }

    fn write_failed(&mut self, error: io::Error) {
        self.write_error = Some(error);
        self.over(Ended::WriteFailed);
    }

    fn over(&mut self, ended: Ended) {
        self.ended = Some(ended);
        self.state = match self.source_ended {
            true => State::Ended,
            false => State::Discarding,
        };
        self.release();
    }

    fn write(
        &mut self,
        to: &mut (impl RelayEnd + ?Sized),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        to.poll_write(cx, &self.buffer[self.start..self.end])
            .map(|written| match written {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.start += count;
                    self.octets += count as u64;
                    Ok(())
                }
                Err(error) => Err(error),
            })
    }

    /// Whether it holds octets that were read and not written.
    const fn has_octets(&self) -> bool {
        self.start < self.end
    }

    fn release(&mut self) {
        (self.start, self.end) = (0, 0);
        pool::give(core::mem::take(&mut self.buffer));
    }
}

/// Discards what arrives. Ready once the source has ended or failed.
pub(super) fn discard(
    from: &mut (impl RelayEnd + ?Sized),
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let mut buffer = pool::take();
    let mut read = Poll::Pending;
    for _ in 0..TURNS_PER_POLL {
        read = from.poll_read(cx, &mut buffer);
        if !matches!(read, Poll::Ready(Ok(1..))) {
            break;
        }
    }
    pool::give(buffer);
    match read {
        Poll::Ready(Ok(1..)) => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
        ended => ended.map_ok(|_| ()),
    }
}

/// The error of a peer that takes nothing.
pub(super) fn given_up() -> io::Error {
    let reason = format!("nothing taken for {PROGRESS:?}, what came last may be missing");
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

/// How far something has come, and since when it has come no further.
#[derive(Debug, Default)]
struct Progress(Option<(u64, Timestamp)>);

impl Progress {
    fn begin(&mut self, count: u64, now: Timestamp) -> Timestamp {
        self.0 = Some((count, now));
        now
    }

    fn since(&mut self, count: u64, now: Timestamp) -> Timestamp {
        match self.0 {
            Some((before, since)) if count <= before => since,
            _ => self.begin(count, now),
        }
    }
}

/// How long to discard what nobody takes, while the end that should take it still has to say something and does not.
const DISCARDING: Duration = Duration::from_secs(10);

/// The number of steps of one direction in one poll, before it yields to the other one and to other tasks.
const TURNS_PER_POLL: usize = 32;
