//! Accepting from many: how many at once, what to do when the system has no more sockets, and how to stop.

use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use wsstream_core::Timestamp;
use wsstream_core::handshake::HandshakeError;
use wsstream_core::pump::{Clock, Permit, Permits, Phase};

/// A listening socket, and the handshakes of those who have connected.
pub(super) trait Accepting {
    /// A connection whose handshake is still to be done.
    type Connection;

    /// What a handshake gives: a request that waits for its answer.
    type Incoming;

    /// Takes the next connection from the accept queue. It is asked again whatever the error.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Connection>>;

    /// Begins a handshake, in a task of its own. The permit goes to the outermost WebSocket, and is dropped if it
    /// does not get so far.
    fn begin(&mut self, connection: Self::Connection, permit: Permit);

    /// Begins to answer a request that has come too late. It ends as a handshake that has failed.
    fn refuse(&mut self, incoming: Self::Incoming);

    /// Waits for the end of any handshake. Called only while there is one.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Incoming>>;

    /// Listens no more. The system refuses new connections, and those that wait in the accept queue.
    fn stop(&mut self);

    /// Drops all handshakes, and what was not taken of them.
    fn cut_off(&mut self);
}

/// The policy of a listener.
///
/// Handshakes go on beside each other, so that a slow client holds nobody up. A connection counts from when it
/// leaves the accept queue until its stream is dropped.
#[derive(Debug)]
pub(super) struct Policy<A: Accepting, C: Clock> {
    accepting: A,
    clock: C,
    has_stopped: bool,
    permits: Permits,
    handshakes: usize,
    max_connections: usize,
    max_handshakes: usize,
    back_off: BackOff,
}

impl<A: Accepting, C: Clock> Policy<A, C> {
    /// Any number of connections, and 1024 handshakes at once.
    pub(super) fn new(accepting: A, clock: C) -> Self {
        Self {
            accepting,
            clock,
            has_stopped: false,
            permits: Permits::new(),
            handshakes: 0,
            max_connections: usize::MAX,
            max_handshakes: MAX_HANDSHAKES,
            back_off: BackOff::default(),
        }
    }

    /// At most so many connections at once, those in their handshake included; at least 1.
    pub(super) fn set_max_connections(&mut self, connections: usize) {
        self.max_connections = connections.max(1);
    }

    /// At most so many handshakes at once; at least 1.
    pub(super) fn set_max_handshakes(&mut self, handshakes: usize) {
        self.max_handshakes = handshakes.max(1);
    }

    pub(super) const fn accepting(&self) -> &A {
        &self.accepting
    }

    pub(super) const fn accepting_mut(&mut self) -> &mut A {
        &mut self.accepting
    }

    /// How many connections there are now, those in their handshake included.
    pub(super) fn connections(&self) -> usize {
        self.permits.taken()
    }

    /// Waits for the next request; `None` once a shutdown has begun. Handshakes that fail are passed over, and so
    /// are connections that end before they begin. When the system has no more sockets it is asked again a little
    /// later. Cancel-safe.
    pub(super) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Option<A::Incoming>> {
        if self.has_stopped {
            return Poll::Ready(None);
        }
        for _ in 0..TURNS_PER_POLL {
            let admitted = self.poll_admit(cx);
            match self.poll_handshake(cx) {
                Poll::Ready(Some(incoming)) => return Poll::Ready(Some(incoming)),
                Poll::Pending if admitted.is_pending() => return Poll::Pending,
                _ => {}
            }
        }
        // Other tasks have their turn; this one comes back by itself.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Begins a handshake with the next who has connected.
    fn poll_admit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.handshakes >= self.max_handshakes {
            // The end of one of them wakes us.
            return Poll::Pending;
        }
        ready!(self.permits.poll_at_most(self.max_connections - 1, cx));
        ready!(self.back_off.poll(&mut self.clock, cx));
        match ready!(self.accepting.poll_accept(cx)) {
            Ok(connection) => {
                self.back_off.succeeded();
                self.handshakes += 1;
                self.accepting.begin(connection, self.permits.issue());
            }
            Err(error) => {
                log_failure(&error);
                if !is_of_connection(&error) {
                    self.back_off.failed(self.clock.now());
                }
            }
        }
        Poll::Ready(())
    }

    /// Waits for the end of a handshake; `None` for one that has failed.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Option<A::Incoming>> {
        if self.handshakes == 0 {
            return Poll::Pending;
        }
        let ended = ready!(self.accepting.poll_handshake(cx));
        self.handshakes -= 1;
        if let Err(error) = &ended {
            log_failure(error);
        }
        Poll::Ready(ended.ok())
    }

    /// Shuts down: listens no more, and gives the connections `grace` to finish. Those that are open then are ended
    /// with Close 1001, and those that have not ended after `closing` more are cut off. Requests that were not
    /// answered are refused with 503.
    ///
    /// The future gives 0 once all connections are gone; or, a second after they were cut off, how many streams
    /// are still held. Dropping it cuts them off now.
    pub(super) fn shut_down(&mut self, grace: Duration, closing: Duration) -> ShutDown<'_, A, C> {
        self.accepting.stop();
        self.has_stopped = true;
        self.permits.enter(Phase::Finishing);
        let ends = self.clock.now() + grace;
        ShutDown {
            policy: self,
            phase: Phase::Finishing,
            ends,
            closing,
        }
    }
}

/// A listener that shuts down: see [`Policy::shut_down`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub(super) struct ShutDown<'a, A: Accepting, C: Clock> {
    policy: &'a mut Policy<A, C>,
    phase: Phase,
    /// When the phase ends.
    ends: Timestamp,
    closing: Duration,
}

impl<A: Accepting, C: Clock> ShutDown<'_, A, C> {
    /// Tells those whose requests were not answered that it is too late.
    fn refuse(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(ended) = self.policy.poll_handshake(cx) {
            if let Some(incoming) = ended {
                self.policy.handshakes += 1;
                self.policy.accepting.refuse(incoming);
            }
        }
    }

    fn enter(&mut self, phase: Phase, lasts: Duration) {
        self.phase = phase;
        self.ends = self.ends + lasts;
        self.policy.permits.enter(phase);
    }
}

impl<A: Accepting, C: Clock> Future for ShutDown<'_, A, C> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = &mut *self;
        this.refuse(cx);
        loop {
            if this.policy.permits.poll_at_most(0, cx).is_ready() {
                return Poll::Ready(0);
            }
            ready!(this.policy.clock.poll_sleep(cx, this.ends));
            match this.phase {
                Phase::Serving | Phase::Finishing => this.enter(Phase::Closing, this.closing),
                Phase::Closing => this.enter(Phase::Over, LEAVING),
                Phase::Over => return Poll::Ready(this.policy.connections()),
            }
        }
    }
}

impl<A: Accepting, C: Clock> Drop for ShutDown<'_, A, C> {
    fn drop(&mut self) {
        self.policy.permits.enter(Phase::Over);
        // Those that have no permit yet do not know.
        self.policy.accepting.cut_off();
        self.policy.handshakes = 0;
    }
}

/// Waits between attempts to accept that fail: each time twice as long.
#[derive(Debug, Default)]
struct BackOff {
    /// The last wait; zero after a success.
    delay: Duration,
    until: Option<Timestamp>,
}

impl BackOff {
    /// Ready when the next attempt is due.
    fn poll(&mut self, clock: &mut impl Clock, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(until) = self.until {
            ready!(clock.poll_sleep(cx, until));
            self.until = None;
        }
        Poll::Ready(())
    }

    fn succeeded(&mut self) {
        self.delay = Duration::ZERO;
    }

    fn failed(&mut self, now: Timestamp) {
        let delay = mem::take(&mut self.delay) * 2;
        self.delay = delay.clamp(FIRST_DELAY, LAST_DELAY);
        self.until = Some(now + self.delay);
    }
}

/// Errors of the connection that was to be accepted, which has ended or was forbidden by a firewall; not
/// of the listener. There may be a good one right behind it.
fn is_of_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted,
        NetworkDown, NetworkUnreachable, PermissionDenied, TimedOut,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
            | TimedOut
    )
}

/// Says why a connection did not come about.
fn log_failure(error: &io::Error) {
    if error
        .get_ref()
        .is_some_and(|inner| inner.is::<HandshakeError>())
    {
        // What was answered has been logged.
        return;
    }
    #[cfg(feature = "tracing")]
    tracing::info!(target: "wsstream", %error, "connection refused");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// More would be many for any server, and too few to fill its memory.
const MAX_HANDSHAKES: usize = 1024;

/// How often one poll accepts before other tasks have their turn.
const TURNS_PER_POLL: usize = 32;

/// When there are no sockets left, others have to be closed first.
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LAST_DELAY: Duration = Duration::from_secs(1);

/// How long applications have to drop streams that were cut off.
const LEAVING: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
