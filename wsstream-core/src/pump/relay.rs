//! Relaying between two ends, in both directions.

mod direction;
mod ends;
mod relayed;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;

use super::{Clock, RelayEnd, Socket};
use direction::Direction;
pub use ends::SocketEnd;
pub use relayed::{Carried, Ended, Relayed};

/// Joins two sockets of any kind: carries octets between them until both have ended, or one fails.
///
/// It closes a WebSocket stream as such (see [`Socket::relay_end`]), and treats everything else as a TCP connection.
/// `patience` is [`Relay::patience`], and `clock` makes clocks. [`Relay`] tells more.
///
/// ```
/// # #[cfg(feature = "test-kit")]
/// # {
/// use core::time::Duration;
/// use wsstream_core::pump::{Ended, relay};
/// use wsstream_core::test_kit::{Clock, Pipe, run_all};
///
/// let clock = Clock::default();
/// let ((mut a, left), (mut b, right)) = (Pipe::pair(true), Pipe::pair(true));
/// left.output.get().feed(b"hello");
/// left.output.get().finish(Ok(()));
/// right.output.get().finish(Ok(()));
/// run_all(vec![Box::pin(async {
///     let relayed = relay(&mut a, &mut b, Duration::from_secs(60), || clock.sleeper()).await;
///     assert_eq!((relayed.a_to_b.octets, relayed.a_to_b.ended), (5, Ended::Complete));
/// })]);
/// assert_eq!(right.input.get().take(), b"hello");
/// # }
/// ```
pub async fn relay<A: Socket + ?Sized, B: Socket + ?Sized, C: Clock>(
    a: &mut A,
    b: &mut B,
    patience: Duration,
    clock: impl Fn() -> C,
) -> Relayed {
    let (mut a, mut b) = (SocketEnd::new(a, clock()), SocketEnd::new(b, clock()));
    Relay::new(&mut a, &mut b, clock()).patience(patience).await
}

/// Carries octets between two ends until both have ended, or one fails.
///
/// Unlike a plain copy it drives both ends on every wake: the timers, pongs and delayed Close of one end go on while
/// the other has nothing to say.
///
/// - The end of one direction is passed on as the end of that direction (half close).
/// - An end that takes no octets stops the other end from being read.
/// - Where writing to an end fails, its octets are discarded, and the other direction goes on.
/// - When reading an end fails, the other end gets all that came before, and is then closed in a way that tells of the
///   failure, if it has one.
/// - A [`SocketEnd`] is done once its peer has taken everything, as far as the socket can tell, or nothing for 60
///   seconds.
///
/// A WebSocket peer that has not agreed to half close ends both directions when it receives a Close. So the relay holds
/// the end of the other side back until that peer's direction has ended, or nothing has come from it for the
/// [patience](Self::patience), 60 seconds by default. Then the peer gets its Close 1000, and [`Relayed`] tells that its
/// reply may be cut short.
///
/// The relay borrows the ends, so that you can still ask them how they ended. Dropping it while octets are under way
/// loses them, and closes the end that was to have them as if the other had failed.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Relay<'a, A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> {
    a: &'a mut A,
    b: &'a mut B,
    a_to_b: Direction,
    b_to_a: Direction,
    clock: C,
    patience: Duration,
    /// Set once both directions are done, and both ends remain to be closed.
    relayed: Option<Relayed>,
    /// Whether each end is closed.
    closed: [bool; 2],
}

impl<'a, A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> Relay<'a, A, B, C> {
    /// A relay between two ends. It does nothing until it is polled.
    pub fn new(a: &'a mut A, b: &'a mut B, clock: C) -> Self {
        Self {
            a,
            b,
            a_to_b: Direction::default(),
            b_to_a: Direction::default(),
            clock,
            patience: PROGRESS,
            relayed: None,
            closed: [false; 2],
        }
    }

    /// Sets how long to wait for more of a reply that ending the other direction would cut off. Default: 60 seconds.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn poll_carry(&mut self, cx: &mut Context<'_>) -> Poll<Relayed> {
        let held = [
            self.a_to_b.is_held(self.b, &self.b_to_a),
            self.b_to_a.is_held(self.a, &self.a_to_b),
        ];
        let a_to_b = self.a_to_b.poll(self.a, self.b, held[0], cx);
        let b_to_a = self.b_to_a.poll(self.b, self.a, held[1], cx);
        if held[0] {
            self.a_to_b
                .poll_patience(&self.b_to_a, self.patience, &mut self.clock, cx);
        }
        if held[1] {
            self.b_to_a
                .poll_patience(&self.a_to_b, self.patience, &mut self.clock, cx);
        }
        if held
            != [
                self.a_to_b.is_held(self.b, &self.b_to_a),
                self.b_to_a.is_held(self.a, &self.a_to_b),
            ]
        {
            cx.waker().wake_by_ref();
        }
        let (a_failed, b_failed) = match (a_to_b, b_to_a) {
            (Poll::Ready(Err(error)), _) => (Some(error), None),
            (_, Poll::Ready(Err(error))) => (None, Some(error)),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => (
                self.b_to_a.failure(self.patience),
                self.a_to_b.failure(self.patience),
            ),
            _ => {
                let closed = (self.a.is_closed(), self.b.is_closed());
                self.a.poll_drive(cx);
                self.b.poll_drive(cx);
                // Do not wait for an end that was cut off to take octets in transit.
                let (a_failed, b_failed) = (self.a.cut_off(), self.b.cut_off());
                if a_failed.is_none() && b_failed.is_none() {
                    if closed != (self.a.is_closed(), self.b.is_closed()) {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                (
                    a_failed.or_else(|| self.b_to_a.failure(self.patience)),
                    b_failed.or_else(|| self.a_to_b.failure(self.patience)),
                )
            }
        };
        Poll::Ready(Relayed {
            a_to_b: self.a_to_b.carried(&self.b_to_a),
            b_to_a: self.b_to_a.carried(&self.a_to_b),
            a_failed,
            b_failed,
        })
    }
}

impl<A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> Drop for Relay<'_, A, B, C> {
    fn drop(&mut self) {
        let cut_off = io::Error::other("the relay was ended");
        let cx = &mut Context::from_waker(Waker::noop());
        // One attempt. Even if it does not succeed, the peer sees no clean end.
        if self.a_to_b.has_octets() {
            let _ = self.b.poll_close(cx, Some(&cut_off));
        }
        if self.b_to_a.has_octets() {
            let _ = self.a.poll_close(cx, Some(&cut_off));
        }
    }
}

impl<A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> Future for Relay<'_, A, B, C> {
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
            a_to_b,
            b_to_a,
            a_failed,
            b_failed,
        } = relayed;
        let (a_failure, b_failure) = (a_failed.is_some(), b_failed.is_some());
        if !this.closed[0]
            && let Poll::Ready(closed) = this.a.poll_close(cx, b_failed.as_ref())
        {
            this.closed[0] = true;
            // An error while reporting a failure is of no interest.
            if !a_failure
                && !b_failure
                && let Err(error) = closed
            {
                *a_failed = Some(error);
                b_to_a.closing_failed();
            }
        }
        if !this.closed[1]
            && let Poll::Ready(closed) = this.b.poll_close(cx, a_failed.as_ref())
        {
            this.closed[1] = true;
            // Keep the error even after a failure of `a`: `into_result` still returns that one.
            if !b_failure && let Err(error) = closed {
                *b_failed = Some(error);
                a_to_b.closing_failed();
            }
        }
        if this.closed != [true, true] {
            let Some(cut_off) = this.a.cut_off().or_else(|| this.b.cut_off()) else {
                return Poll::Pending;
            };
            // The end was cut off, so there is no time for a second attempt.
            if a_failed.is_none() && !this.closed[1] {
                b_failed.get_or_insert(cut_off);
                a_to_b.closing_failed();
            }
        }
        this.relayed.take().map_or(Poll::Pending, Poll::Ready)
    }
}

/// How long a peer may take nothing or send nothing before the relay gives it up.
const PROGRESS: Duration = Duration::from_secs(60);
