//! Relaying between two ends, in both directions.

mod closing;
mod direction;
mod ends;
mod relayed;

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use super::hold::PROGRESS;
use super::{Clock, RelayEnd, Socket};
use crate::time::Timestamp;
use closing::Closing;
use direction::{Direction, Telling};
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
    a.abort_on_drop();
    b.abort_on_drop();
    Relay::new(&mut a, &mut b, clock()).patience(patience).await
}

/// Carries octets between two ends until both have ended, or one fails.
///
/// Unlike a plain copy it drives both ends on every wake: the timers, pongs and delayed Close of one end go on while
/// the other has nothing to say.
///
/// **Ends.** The end of one direction is passed on as the end of that direction (half close). A WebSocket peer that has
/// not agreed to half close ends both directions when it receives a Close. So the relay holds the end of the other side
/// back until that peer's direction has ended, or nothing has come from it for the [patience](Self::patience), 60
/// seconds by default. Then the peer gets its Close 1000, because its octets are whole. Its reply may not be, and the
/// end that the reply goes to is told so, as of a failure.
///
/// **Failures.** When reading an end fails, or writing to it, nothing passes for a whole that is none:
///
/// - The other end first gets all that was read. It has as long as it takes something, and fails when it takes nothing
///   for 60 seconds.
/// - Then it is closed so that its peer can tell: with a reset of TCP, with Close 1011 of a WebSocket, and without the
///   `close_notify` of TLS. See [`RelayEnd::poll_close`]. A Unix socket has no such end: its peer sees a plain one.
/// - An end is told the same when what it has sent was lost, because writing to the other end has failed.
///
/// **Slow readers.** An end that takes no octets stops the other end from being read, for as long as that takes. Only
/// when the other end has hung up meanwhile, or takes no more itself, the slow one is given up after 60 seconds in which
/// it has taken nothing.
///
/// **Readers that have gone.** Once a second the relay asks an end that it does not read at present whether it has
/// [hung up](RelayEnd::has_hung_up). What was sent to an end that has gone is discarded until the other direction is over,
/// or has made no progress for 10 seconds. Then the sender is closed. When it has taken everything, it has 2 seconds to
/// end by itself. After that the relay ends; a sender that still sends sees a reset when its socket is dropped.
///
/// The relay borrows the ends, so that you can still ask them how they ended. Drop them then: only that closes or resets
/// a TCP connection. If you drop the relay before it is done, what it has read and not written is lost. Each end that may
/// not have everything is closed as after a failure, but at once and with Close 1001.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Relay<'a, A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> {
    a: &'a mut A,
    b: &'a mut B,
    a_to_b: Direction,
    b_to_a: Direction,
    clock: C,
    patience: Duration,
    /// When to ask whether an end has hung up.
    ask_at: Option<Timestamp>,
    phase: Phase,
}

#[derive(Debug)]
enum Phase {
    Carrying,
    /// Both directions are done, and the ends remain to be closed.
    Closing(Relayed, [Closing; 2]),
    Done,
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
            ask_at: None,
            phase: Phase::Carrying,
        }
    }

    /// Sets how long to wait for more of a reply that ending the other direction would cut off. Default: 60 seconds.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    fn poll_carry(&mut self, cx: &mut Context<'_>) -> Poll<(Relayed, [Closing; 2])> {
        let over = [self.a_to_b.is_over(), self.b_to_a.is_over()];
        let told = self.telling();
        let a_to_b = self.a_to_b.poll(self.a, self.b, told[0], cx);
        let telling = self.b_to_a.telling(self.a, &self.a_to_b);
        let b_to_a = self.b_to_a.poll(self.b, self.a, telling, cx);
        self.poll_time(cx);
        if told != self.telling() {
            cx.waker().wake_by_ref();
        }
        let failed = match (a_to_b, b_to_a) {
            // An end that has nothing more to get may fail while what it sends is discarded.
            (Poll::Ready(Err(_)), _) if over[1] && self.a_to_b.is_over() => [None, None],
            (_, Poll::Ready(Err(_))) if over[0] && self.b_to_a.is_over() => [None, None],
            (Poll::Ready(Err(error)), _) => [Some(error), None],
            (_, Poll::Ready(Err(error))) => [None, Some(error)],
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => [None, None],
            _ if self.a_to_b.has_given_up() || self.b_to_a.has_given_up() => [None, None],
            _ => {
                let closed = (self.a.is_closed(), self.b.is_closed());
                self.a.poll_drive(cx);
                self.b.poll_drive(cx);
                // Do not wait for an end that was cut off to take octets in transit.
                let cut_off = [self.a.cut_off(), self.b.cut_off()];
                if let [None, None] = cut_off {
                    if closed != (self.a.is_closed(), self.b.is_closed()) {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                cut_off
            }
        };
        let [a_failed, b_failed] = failed;
        let closings = [
            Closing::new(&self.b_to_a, &self.a_to_b, a_failed.is_some()),
            Closing::new(&self.a_to_b, &self.b_to_a, b_failed.is_some()),
        ];
        let relayed = Relayed {
            a_to_b: self.a_to_b.carried(&self.b_to_a),
            b_to_a: self.b_to_a.carried(&self.a_to_b),
            a_failed: a_failed.or_else(|| self.b_to_a.failure()),
            b_failed: b_failed.or_else(|| self.a_to_b.failure()),
        };
        Poll::Ready((relayed, closings))
    }

    fn telling(&mut self) -> [Telling; 2] {
        [
            self.a_to_b.telling(self.b, &self.b_to_a),
            self.b_to_a.telling(self.a, &self.a_to_b),
        ]
    }

    /// Does what is due at a time while octets are carried.
    fn poll_time(&mut self, cx: &mut Context<'_>) {
        loop {
            let told = self.telling();
            let limits = [
                self.a_to_b.limit(&self.b_to_a, told[0], self.patience),
                self.b_to_a.limit(&self.a_to_b, told[1], self.patience),
            ];
            let asks = [
                self.a_to_b.wants_to_ask(&self.b_to_a, told[0]),
                self.b_to_a.wants_to_ask(&self.a_to_b, told[1]),
            ];
            if limits == [None; 2] && asks == [false; 2] {
                return;
            }
            let now = self.clock.now();
            let mut deadlines = [
                limits[0].and_then(|limit| self.a_to_b.wait(&self.b_to_a, limit, now)),
                limits[1].and_then(|limit| self.b_to_a.wait(&self.a_to_b, limit, now)),
                None,
            ];
            if asks != [false; 2] {
                let mut ask_at = *self.ask_at.get_or_insert(now + ASK);
                if now >= ask_at {
                    self.ask(asks, told, now, cx);
                    ask_at = now + ASK;
                    self.ask_at = Some(ask_at);
                }
                deadlines[2] = Some(ask_at);
            }
            if let Some(next) = deadlines.into_iter().flatten().min()
                && self.clock.poll_sleep(cx, next).is_pending()
            {
                return;
            }
        }
    }

    /// Asks each end that it does not read whether it has hung up. One to which writing has failed counts as gone: not every
    /// end can tell.
    fn ask(&mut self, asks: [bool; 2], told: [Telling; 2], now: Timestamp, cx: &Context<'_>) {
        let (a_to_b, b_to_a) = (&mut self.a_to_b, &mut self.b_to_a);
        let mut acted = false;
        if asks[0] {
            let has_hung_up = b_to_a.has_write_failed() || self.a.has_hung_up();
            acted |= a_to_b.asked(has_hung_up, self.b, b_to_a, told[0], now);
        }
        if asks[1] {
            let has_hung_up = a_to_b.has_write_failed() || self.b.has_hung_up();
            acted |= b_to_a.asked(has_hung_up, self.a, a_to_b, told[1], now);
        }
        if acted {
            cx.waker().wake_by_ref();
        }
    }

    fn poll_close(
        &mut self,
        relayed: &mut Relayed,
        closings: &mut [Closing; 2],
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let [a_closing, b_closing] = closings;
        let failed = [relayed.a_failed.is_some(), relayed.b_failed.is_some()];
        let clock = &self.clock;
        if let Poll::Ready(Err(error)) = a_closing.poll(self.a, clock, cx)
            // An error while reporting a failure is of no interest.
            && failed == [false; 2]
        {
            relayed.a_failed = Some(error);
            relayed.b_to_a.closing_failed();
        }
        if let Poll::Ready(Err(error)) = b_closing.poll(self.b, clock, cx)
            // Keep the error even after a failure of `a`: `into_result` still returns that one.
            && !failed[1]
        {
            relayed.b_failed = Some(error);
            relayed.a_to_b.closing_failed();
        }
        if a_closing.is_closed && b_closing.is_closed {
            return Poll::Ready(());
        }
        if let Some(cut_off) = self.a.cut_off().or_else(|| self.b.cut_off()) {
            // The end was cut off, so there is no time for a second attempt.
            if relayed.a_failed.is_none() && !b_closing.is_closed {
                relayed.b_failed.get_or_insert(cut_off);
                relayed.a_to_b.closing_failed();
            }
            a_closing.end(self.a);
            b_closing.end(self.b);
            return Poll::Ready(());
        }
        let next = [a_closing.ask_at, b_closing.ask_at];
        if let Some(next) = next.into_iter().flatten().min() {
            ready!(self.clock.poll_sleep(cx, next));
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl<A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> Drop for Relay<'_, A, B, C> {
    fn drop(&mut self) {
        match &mut self.phase {
            Phase::Carrying => {
                self.a_to_b.drop_to(self.b, &self.b_to_a);
                self.b_to_a.drop_to(self.a, &self.a_to_b);
            }
            Phase::Closing(_, [a_closing, b_closing]) => {
                a_closing.end(self.a);
                b_closing.end(self.b);
            }
            Phase::Done => {}
        }
    }
}

impl<A: RelayEnd + ?Sized, B: RelayEnd + ?Sized, C: Clock> Future for Relay<'_, A, B, C> {
    type Output = Relayed;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Relayed> {
        let this = &mut *self;
        if let Phase::Carrying = this.phase {
            let (relayed, closings) = ready!(this.poll_carry(cx));
            this.phase = Phase::Closing(relayed, closings);
        }
        match core::mem::replace(&mut this.phase, Phase::Done) {
            Phase::Closing(mut relayed, mut closings) => {
                if this.poll_close(&mut relayed, &mut closings, cx).is_ready() {
                    return Poll::Ready(relayed);
                }
                this.phase = Phase::Closing(relayed, closings);
                Poll::Pending
            }
            _ => Poll::Pending,
        }
    }
}

/// The interval between questions to an end that is not read.
const ASK: Duration = Duration::from_secs(1);
