//! The policy of a listener: how many connections and handshakes run at a time, what happens when the system has run
//! out of sockets, and how the listener shuts down.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use wsstream_core::pump::{Clock, Permit, Permits};
use wsstream_core::{LogSpan, Timestamp};

use super::back_off::BackOff;
use super::slots::{MIN_AGE, Slots, Source, Ticket};
use crate::log;
use crate::shutdown::Shutdown;

/// A listening socket, and the handshakes of its connections.
pub(super) trait Accepting {
    /// A connection before its handshake.
    type Connection: Debug;

    /// The result of a handshake: a request that waits for its answer.
    type Incoming;

    /// The means to evict a handshake.
    type Handshake: Debug;

    /// Takes the next connection from the accept queue. The policy calls it again after any error.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Self::Connection>>;

    /// Is told of an error of [`poll_accept`](Self::poll_accept) that is the system's, and not that of one connection.
    fn failed(&mut self, error: &io::Error);

    /// Where the connection comes from. `None` if it is not let in.
    fn admit(&mut self, connection: &Self::Connection) -> io::Result<Option<Source>>;

    /// Begins a handshake in a task of its own. The permit ends up in the outermost layer; a failed handshake drops it.
    fn begin(
        &mut self,
        connection: Self::Connection,
        permit: Permit,
        ticket: Ticket,
    ) -> Self::Handshake;

    /// Ends a handshake, unless it is complete. The policy waits until its task has ended.
    fn evict(&mut self, handshake: Self::Handshake);

    /// Begins to refuse a request that arrived during a shutdown. It ends as a failed handshake does.
    fn refuse(&mut self, incoming: Self::Incoming, ticket: Ticket);

    /// Waits until one of the handshakes ends. Pending without any.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<(Ticket, Ended<Self::Incoming>)>;

    /// Closes the listening socket. The system then refuses new connections and those in the accept queue.
    fn stop(&mut self);

    /// Drops all handshakes, and what was not taken of them.
    fn cut_off(&mut self);
}

/// How a handshake ended. `None` if it was evicted.
pub(super) type Ended<I> = Option<io::Result<I>>;

/// The policy of a listener.
///
/// Handshakes run concurrently, so that a slow client does not delay the others. A connection counts from when it
/// leaves the accept queue until its stream is dropped.
///
/// When there is no room for a newcomer, one handshake that takes long is evicted: see [`Slots::evict`]. While there is
/// none, newcomers wait in the accept queue.
#[derive(Debug)]
pub(super) struct Policy<A: Accepting, C: Clock> {
    accepting: A,
    clock: C,
    has_stopped: bool,
    permits: Permits,
    slots: Slots<A::Handshake>,
    /// The number of handshakes that were evicted, and have not ended yet.
    leaving: usize,
    /// A connection that waits for room. It has no permit yet, so it does not count.
    newcomer: Option<(A::Connection, Source)>,
    max_connections: usize,
    max_handshakes: usize,
    back_off: BackOff,
}

impl<A: Accepting, C: Clock> Policy<A, C> {
    /// Allows any number of connections, and 4096 handshakes at a time.
    pub(super) fn new(accepting: A, clock: C) -> Self {
        Self {
            accepting,
            clock,
            has_stopped: false,
            permits: Permits::new(),
            slots: Slots::new(),
            leaving: 0,
            newcomer: None,
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
            // First those that are complete: their slots need nobody to be evicted.
            let ended = self.poll_handshake(cx);
            if let Poll::Ready(Some(incoming)) = ended {
                return Poll::Ready(Some(incoming));
            }
            if self.poll_admit(cx).is_pending() && ended.is_pending() {
                return Poll::Pending;
            }
        }
        // Yield to other tasks, and ask to be polled again.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Accepts the next connection, and begins its handshake once there is room.
    fn poll_admit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.newcomer.is_none() {
            ready!(self.poll_newcomer(cx));
        }
        if self.newcomer.is_some() {
            ready!(self.poll_room(cx));
        }
        if let Some((connection, source)) = self.newcomer.take() {
            let ticket = self.slots.issue(self.clock.now());
            let permit = self.permits.issue();
            let handshake = self.accepting.begin(connection, permit, ticket);
            self.slots.take(ticket, source, handshake);
        }
        Poll::Ready(())
    }

    /// Takes the next connection from the accept queue, unless it would have to wait here.
    fn poll_newcomer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.has_slot() || self.poll_permit(cx).is_pending() {
            ready!(self.poll_old_enough(cx));
        }
        ready!(self.back_off.poll(&mut self.clock, cx));
        let accepted = match ready!(self.accepting.poll_accept(cx)) {
            Ok(connection) => {
                self.back_off.succeeded();
                let source = self.accepting.admit(&connection);
                source.map(|source| source.map(|source| (connection, source)))
            }
            Err(error) if is_of_connection(&error) => Err(error),
            Err(error) => {
                self.accepting.failed(&error);
                log_system_failure(&error);
                self.back_off.failed(self.clock.now());
                // The system has no more sockets. One that is given up helps.
                if self.leaving == 0 {
                    self.evict(self.clock.now());
                }
                return Poll::Ready(());
            }
        };
        match accepted {
            Ok(newcomer) => self.newcomer = newcomer,
            Err(error) => log::failed(&LogSpan::default(), &error),
        }
        Poll::Ready(())
    }

    /// Waits until there is room for the newcomer, and evicts for it.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.has_slot() {
            let now = ready!(self.poll_old_enough(cx));
            self.evict(now);
        }
        while self.poll_permit(cx).is_pending() {
            if self.leaving > 0 {
                // It gives its permit back.
                return Poll::Pending;
            }
            let now = ready!(self.poll_old_enough(cx));
            self.evict(now);
        }
        Poll::Ready(())
    }

    /// Whether one more handshake may begin. If not, the next one that ends wakes the task.
    fn has_slot(&self) -> bool {
        self.slots.taken() < self.max_handshakes
    }

    /// Waits until one more connection may be open.
    fn poll_permit(&self, cx: &Context<'_>) -> Poll<()> {
        self.permits.poll_at_most(self.max_connections - 1, cx)
    }

    /// Waits until there is a handshake that can be evicted, and returns the time.
    fn poll_old_enough(&mut self, cx: &mut Context<'_>) -> Poll<Timestamp> {
        let Some(oldest) = self.slots.oldest() else {
            return Poll::Pending;
        };
        let due = oldest + MIN_AGE;
        ready!(self.clock.poll_sleep(cx, due));
        Poll::Ready(due.max(self.clock.now()))
    }

    /// Evicts a handshake if there is one that is old enough. Its slot is free at once, its socket and its permit when
    /// its task has ended.
    fn evict(&mut self, now: Timestamp) {
        if let Some((source, handshake)) = self.slots.evict(now) {
            self.leaving += 1;
            self.accepting.evict(handshake);
            log_eviction(source);
        }
    }

    /// Waits until a handshake ends; `None` if it failed.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Option<A::Incoming>> {
        let (ticket, ended) = ready!(self.accepting.poll_handshake(cx));
        if self.slots.give_back(ticket).is_none() {
            self.leaving -= 1;
            self.back_off.hurry();
        }
        Poll::Ready(ended.and_then(Result::ok))
    }

    /// Shuts down, all within `grace`: closes the listening socket, refuses pending requests with status 503, tells open
    /// connections to close with code 1001 when their time comes, and in the end cuts them off.
    ///
    /// The future returns 0 once all connections are gone, or the number of streams that are still held after `grace`.
    /// Dropping it cuts them off at once.
    pub(super) fn shut_down(
        &mut self,
        grace: Duration,
        close_timeout: Duration,
    ) -> ShutDown<'_, A, C> {
        self.accepting.stop();
        self.has_stopped = true;
        self.newcomer = None;
        let shutdown = Shutdown::begin(&self.permits, self.clock.now(), grace, close_timeout);
        ShutDown {
            policy: self,
            shutdown,
        }
    }
}

/// The future of [`Policy::shut_down`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub(super) struct ShutDown<'a, A: Accepting, C: Clock> {
    policy: &'a mut Policy<A, C>,
    shutdown: Shutdown,
}

impl<A: Accepting, C: Clock> ShutDown<'_, A, C> {
    /// Refuses the requests that are not answered yet.
    fn refuse(&mut self, cx: &mut Context<'_>) {
        let accepting = &mut self.policy.accepting;
        while let Poll::Ready((ticket, ended)) = accepting.poll_handshake(cx) {
            if let Some(incoming) = ended.and_then(Result::ok) {
                accepting.refuse(incoming, ticket);
            }
        }
    }
}

impl<A: Accepting, C: Clock> Future for ShutDown<'_, A, C> {
    type Output = usize;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<usize> {
        let this = &mut *self;
        this.refuse(cx);
        let Policy {
            accepting, clock, ..
        } = &mut *this.policy;
        // Those that have no permit yet do not know.
        this.shutdown.poll(clock, cx, || accepting.cut_off())
    }
}

impl<A: Accepting, C: Clock> Drop for ShutDown<'_, A, C> {
    fn drop(&mut self) {
        self.policy.accepting.cut_off();
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

fn log_eviction(source: Source) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "wsstream", %source, "handshake evicted: it took long, and its place is needed");
    #[cfg(not(feature = "tracing"))]
    let _ = source;
}

fn log_system_failure(error: &io::Error) {
    #[cfg(feature = "tracing")]
    tracing::warn!(target: "wsstream", %error, "no connection can be accepted");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// Plenty for any server, and too few to exhaust its memory.
const MAX_HANDSHAKES: usize = 4096;

/// The number of connections that one poll accepts before it yields to other tasks.
const TURNS_PER_POLL: usize = 32;

#[cfg(test)]
mod tests;
