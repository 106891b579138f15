//! The policy of a listener: how many connections and handshakes run at a time, what happens when the system has run
//! out of sockets, and how the listener shuts down.

use std::future::Future;
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use wsstream_core::Timestamp;
use wsstream_core::handshake::HandshakeError;
use wsstream_core::pump::{Clock, Permit, Permits, Phase};

/// A listening socket, and the handshakes of its connections.
pub(super) trait Accepting {
    /// A connection before its handshake.
    type Connection;

    /// The result of a handshake: a request that waits for its answer.
    type Incoming;

    /// Takes the next connection from the accept queue. The policy calls it again after any error.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Connection>>;

    /// Begins a handshake in a task of its own. The permit ends up in the outermost layer; a failed handshake drops it.
    fn begin(&mut self, connection: Self::Connection, permit: Permit);

    /// Begins to refuse a request that arrived during a shutdown. It ends as a failed handshake does.
    fn refuse(&mut self, incoming: Self::Incoming);

    /// Waits until one of the handshakes ends. The policy calls it only while there are any.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Incoming>>;

    /// Closes the listening socket. The system then refuses new connections and those in the accept queue.
    fn stop(&mut self);

    /// Drops all handshakes, and what was not taken of them.
    fn cut_off(&mut self);
}

/// The policy of a listener.
///
/// Handshakes run concurrently, so that a slow client does not delay the others. A connection counts from when it
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
    /// Allows any number of connections, and 1024 handshakes at a time.
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

    /// Limits the number of connections, those in their handshake included. The least is 1.
    pub(super) fn set_max_connections(&mut self, connections: usize) {
        self.max_connections = connections.max(1);
    }

    /// Limits the number of handshakes. The least is 1.
    pub(super) fn set_max_handshakes(&mut self, handshakes: usize) {
        self.max_handshakes = handshakes.max(1);
    }

    pub(super) const fn accepting(&self) -> &A {
        &self.accepting
    }

    pub(super) const fn accepting_mut(&mut self) -> &mut A {
        &mut self.accepting
    }

    /// The number of open connections, those in their handshake included.
    pub(super) fn connections(&self) -> usize {
        self.permits.taken()
    }

    /// Waits for the next request; `None` once a shutdown has begun. Skips failed handshakes and connections that end
    /// early. Backs off while the system has no more sockets. Cancel-safe.
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
        // Yield to other tasks, and ask to be polled again.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Accepts the next connection, and begins its handshake.
    fn poll_admit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.handshakes >= self.max_handshakes {
            // The next handshake that ends wakes the task.
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

    /// Waits until a handshake ends; `None` if it failed.
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

    /// Shuts down: closes the listening socket, refuses pending requests with status 503, and gives open connections
    /// `grace` to finish. Then ends the remaining ones with close code 1001, and cuts off those that are still open
    /// after a further `closing`.
    ///
    /// The future returns 0 once all connections are gone, or the number of streams that are still held a second after
    /// they were cut off. Dropping it cuts them off at once.
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

/// The future of [`Policy::shut_down`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub(super) struct ShutDown<'a, A: Accepting, C: Clock> {
    policy: &'a mut Policy<A, C>,
    phase: Phase,
    /// The end of the phase.
    ends: Timestamp,
    closing: Duration,
}

impl<A: Accepting, C: Clock> ShutDown<'_, A, C> {
    /// Refuses the requests that are not answered yet.
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

/// The wait after a failure to accept, doubled each time.
#[derive(Debug, Default)]
struct BackOff {
    /// The last wait; zero after a success.
    delay: Duration,
    until: Option<Timestamp>,
}

impl BackOff {
    /// Waits until the next attempt is due.
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

/// Whether the error is about one connection, which has ended already or which a firewall forbids. The next one in the
/// queue may be fine, so there is no need to back off.
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

/// Logs why a connection failed before the application saw it.
fn log_failure(error: &io::Error) {
    if error
        .get_ref()
        .is_some_and(|inner| inner.is::<HandshakeError>())
    {
        // The core has logged its answer already.
        return;
    }
    #[cfg(feature = "tracing")]
    tracing::info!(target: "wsstream", %error, "connection refused");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// Plenty for any server, and too few to exhaust its memory.
const MAX_HANDSHAKES: usize = 1024;

/// The number of connections that one poll accepts before it yields to other tasks.
const TURNS_PER_POLL: usize = 32;

// With no sockets left, others have to be closed first, which takes a while.
const FIRST_DELAY: Duration = Duration::from_millis(10);
const LAST_DELAY: Duration = Duration::from_secs(1);

/// The time that applications get to drop streams that were cut off.
const LEAVING: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
