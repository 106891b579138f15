//! One direction of a relay.

use alloc::format;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Context, Poll};
use core::time::Duration;
use std::io;

use super::{Carried, Ended};
use crate::octets::Octets;
use crate::pump::{Clock, RelayEnd, pool};
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
    /// While the end is delayed for a reply: the octets of the reply at its last progress, and the time of that.
    waited: Option<(u64, Timestamp)>,
    /// Whether the reply was given up.
    is_cut: bool,
    /// The error of writing. It does not end the other direction.
    write_error: Option<io::Error>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Carrying,
    Ending,
    /// Discards what still arrives: its sender may not read until it has been taken.
    Discarding,
    Ended,
}

impl State {
    /// Whether it carries nothing more.
    const fn is_over(self) -> bool {
        matches!(self, Self::Discarding | Self::Ended)
    }
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
    /// Whether the end is delayed until the `reply` has ended, because it would cut the reply off.
    pub(super) fn is_held(&self, to: &mut (impl RelayEnd + ?Sized), reply: &Self) -> bool {
        !self.is_cut && !reply.state.is_over() && !to.half_closes() && !to.is_closed()
    }

    /// Gives the `reply` up when it makes no progress for the time of `patience`.
    pub(super) fn poll_patience(
        &mut self,
        reply: &Self,
        patience: Duration,
        clock: &mut impl Clock,
        cx: &mut Context<'_>,
    ) {
        while self.state == State::Ending {
            let now = clock.now();
            let waited = self.waited.get_or_insert((reply.octets, now));
            // Octets that wait here for a slow reader are progress too.
            if reply.octets > waited.0 || reply.has_octets() {
                *waited = (reply.octets, now);
            }
            let ends = waited.1 + patience;
            self.is_cut = now >= ends;
            if self.is_cut || clock.poll_sleep(cx, ends).is_pending() {
                return;
            }
        }
    }

    /// What it has carried, and how it ended. `reverse` is the other direction, whose end may have cut this one short.
    pub(super) fn carried(&self, reverse: &Self) -> Carried {
        let ended = match self.ended {
            Some(Ended::Complete | Ended::DestinationClosed) if reverse.is_cut => {
                Ended::PatienceOver
            }
            // The destination did not close but fail: reading from it failed.
            Some(Ended::DestinationClosed) if reverse.ended == Some(Ended::ReadFailed) => {
                Ended::Interrupted
            }
            Some(ended) => ended,
            None => Ended::Interrupted,
        };
        Carried {
            octets: self.octets,
            ended,
        }
    }

    /// The error of the destination.
    pub(super) fn failure(&mut self, patience: Duration) -> Option<io::Error> {
        let cut = || {
            let reason = format!("no more of the reply for {patience:?}, it may be cut short");
            io::Error::new(io::ErrorKind::TimedOut, reason)
        };
        self.write_error.take().or_else(|| self.is_cut.then(cut))
    }

    /// Carries what it can. Fails if reading does. An error of writing is kept, and ends the direction.
    pub(super) fn poll(
        &mut self,
        from: &mut (impl RelayEnd + ?Sized),
        to: &mut (impl RelayEnd + ?Sized),
        is_held: bool,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        for _ in 0..TURNS_PER_POLL {
            let step = match self.state {
                State::Discarding => {
                    // How the source ends is of no interest.
                    if discard(from, cx).is_ready() {
                        self.state = State::Ended;
                    }
                    return Poll::Ready(Ok(()));
                }
                State::Ended => return Poll::Ready(Ok(())),
                State::Ending if is_held => match to.poll_flush(cx) {
                    Poll::Ready(Ok(())) => Poll::Pending,
                    failed => failed,
                },
                State::Ending => to.poll_shutdown(cx).map_ok(|()| {
                    (self.state, self.ended) = (State::Ended, Some(Ended::Complete));
                }),
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
                            self.ended = Some(Ended::ReadFailed);
                            self.release();
                            return Poll::Ready(Err(error));
                        }
                        Poll::Pending if to.is_closed() => {
                            // The destination has closed. That may cut nothing off.
                            self.state = State::Discarding;
                            self.ended = Some(Ended::DestinationClosed);
                            self.release();
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
                Poll::Ready(Err(error)) => {
                    (self.write_error, self.ended) = (Some(error), Some(Ended::WriteFailed));
                    self.state = match self.state {
                        State::Ending => State::Ended,
                        _ => State::Discarding,
                    };
                    self.release();
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
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
    pub(super) const fn has_octets(&self) -> bool {
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

/// The number of steps of one direction in one poll, before it yields to the other one and to other tasks.
const TURNS_PER_POLL: usize = 32;
