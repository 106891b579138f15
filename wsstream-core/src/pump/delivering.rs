//! Delivering what a dropped stream had accepted.

use alloc::boxed::Box;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::engine::{Pump, READS_PER_POLL};
use super::hold::{Held, Hold};
use super::outgoing::Outgoing;
use super::permit::Phase;
use super::wakers::Task;
use super::{Clock, Socket};
use crate::close::{Close, CloseCode};
use crate::connection::Connection;

/// Starts a task for what a dropped stream had accepted.
pub(super) type Spawn<S, C> = fn(Delivering<S, C>);

/// Drops a connection: sends what is queued and a Close. A task delivers what the socket does not take at once, if there
/// is a spawner. Without one, the Close is left out if it would cut something off.
pub(super) fn leave<S: Socket, C: Clock>(
    pump: &mut Pump<S, C>,
    outgoing: Outgoing,
    spawn: Option<Spawn<S, C>>,
) {
    if !pump.wire.has_socket() || pump.wire.phase() == Phase::Over {
        return;
    }
    pump.send_queued();
    let close = goodbye(pump);
    let is_queued = outgoing.is_empty() && !pump.connection.is_sending();
    if is_queued && (spawn.is_some() || !pump.connection.is_waiting()) {
        pump.connection.close(&close);
        pump.send_queued();
    }
    if let Some(spawn) = spawn
        && has_undelivered(pump, &outgoing)
    {
        spawn(Delivering::new(pump.take(), outgoing, close));
    }
}

/// The Close of an application that has not closed.
fn goodbye<S: Socket, C: Clock>(pump: &Pump<S, C>) -> Close {
    let is_dismissed = pump.wire.phase() >= Phase::Closing;
    let code = if pump.aborted || std::thread::panicking() {
        CloseCode::INTERNAL
    } else if is_dismissed || !pump.connection.config().close_on_drop {
        CloseCode::GOING_AWAY
    } else {
        CloseCode::NORMAL
    };
    Close::new(code, "")
}

/// Whether dropping the socket now could destroy something.
fn has_undelivered<S: Socket, C: Clock>(pump: &mut Pump<S, C>, outgoing: &Outgoing) -> bool {
    if pump.check_writable().is_err() {
        return false;
    }
    let taken = pump.wire.taken();
    let connection = &mut pump.connection;
    if connection.given_up().is_some() {
        return taken.is_some_and(|taken| !taken.all);
    }
    !outgoing.is_empty()
        || connection.is_waiting()
        || taken.map_or_else(
            // A peer that is to see a cut is not waited for.
            || !pump.aborted && !connection.is_settled(),
            |taken| !taken.all,
        )
}

/// A future that delivers what a dropped stream or WebSocket had accepted: see
/// [`Upgraded::deliver_by`](super::Upgraded::deliver_by).
///
/// It sends what is queued and then the Close, discards what arrives, and holds the socket until the peer's system has
/// acknowledged everything. If the socket cannot tell that, it waits for the peer's Close instead, for as long as
/// [`close_timeout`](crate::ConnectionConfig::close_timeout) says. It gives up when the peer takes nothing for
/// [`progress_timeout`](crate::ConnectionConfig::progress_timeout). It keeps the listener's [`Permit`](super::Permit),
/// and ends when the listener's shutdown cuts connections off.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Delivering<S: Socket, C: Clock> {
    pump: Box<Pump<S, C>>,
    /// The rest of a message.
    outgoing: Outgoing,
    close: Close,
    /// Whether the socket tells what the peer has taken.
    tells: bool,
    /// For a peer that was given up, before or since. Nothing more is sent to it, but its system may still take what
    /// ours holds.
    hold: Option<Hold>,
}

/// Why a delivery ended early.
#[derive(Clone, Copy, Debug)]
enum Undelivered {
    /// The peer has gone, or the listener's shutdown is over.
    CutOff,
    /// The peer took nothing more.
    GivenUp,
}

impl<S: Socket, C: Clock> Delivering<S, C> {
    pub(super) fn new(mut pump: Pump<S, C>, outgoing: Outgoing, close: Close) -> Self {
        log_begin(&pump.connection);
        // The time of a peer that takes nothing runs from now on, although the Close may have to wait.
        pump.connection.expect_close();
        pump.connection.discard_input();
        Self {
            tells: pump.wire.taken().is_some(),
            hold: pump.connection.given_up().map(|_| Hold::default()),
            pump: Box::new(pump),
            outgoing,
            close,
        }
    }

    fn poll_delivered(&mut self, cx: &Context<'_>) -> Poll<Result<(), Undelivered>> {
        let pump = &mut *self.pump;
        pump.register(Task::Driver, cx);
        if let Some(hold) = &mut self.hold {
            return poll_hold(pump, hold, cx);
        }
        ready!(self.outgoing.poll_discarding(pump, cx));
        pump.connection.close(&self.close);
        let is_done = match self.tells {
            true => Connection::is_taken,
            false => Connection::is_settled,
        };
        let written = ready!(pump.poll_until(cx, is_done));
        match (written, pump.check_taken()) {
            (_, Err(_)) => Poll::Ready(Err(Undelivered::GivenUp)),
            // It has answered no ping, for example. Its system may still take what ours holds.
            _ if pump.connection.given_up().is_some() => {
                poll_hold(pump, self.hold.insert(Hold::default()), cx)
            }
            (Err(_), _) => Poll::Ready(Err(Undelivered::CutOff)),
            (Ok(()), Ok(())) => Poll::Ready(Ok(())),
        }
    }
}

impl<S: Socket, C: Clock> Future for Delivering<S, C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let delivered = ready!(self.poll_delivered(cx));
        log_end(&self.pump.connection, delivered);
        Poll::Ready(())
    }
}

/// Discards what arrives, past the connection, until the peer has taken everything.
fn poll_hold<S: Socket, C: Clock>(
    pump: &mut Pump<S, C>,
    hold: &mut Hold,
    cx: &Context<'_>,
) -> Poll<Result<(), Undelivered>> {
    for _ in 0..READS_PER_POLL {
        if pump.wire.phase() == Phase::Over {
            return Poll::Ready(Err(Undelivered::CutOff));
        }
        pump.received.clear();
        if !pump.connection.has_ended() && pump.poll_fill().is_ready() {
            continue;
        }
        pump.received.release();
        // What a layer in between holds.
        let _ = pump.wire.poll_flush();
        let Some(taken) = pump.wire.taken() else {
            return Poll::Ready(Ok(()));
        };
        let limit = pump.connection.config().progress_timeout;
        match hold.ask(taken, pump.wire.now(), limit) {
            Held::Taken => return Poll::Ready(Ok(())),
            Held::GivenUp => return Poll::Ready(Err(Undelivered::GivenUp)),
            Held::AskAt(at) => ready!(pump.wire.poll_sleep(at)),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "without the feature nothing is logged")
)]
fn log_begin(connection: &Connection) {
    #[cfg(feature = "tracing")]
    connection.log_span().log(|| {
        tracing::debug!(target: "wsstream", "delivering what a dropped stream had accepted");
    });
}

#[cfg_attr(
    not(feature = "tracing"),
    expect(unused_variables, reason = "without the feature nothing is logged")
)]
fn log_end(connection: &Connection, delivered: Result<(), Undelivered>) {
    #[cfg(feature = "tracing")]
    connection.log_span().log(|| match delivered {
        Ok(()) => {
            tracing::debug!(target: "wsstream", "delivered what a dropped stream had accepted");
        }
        Err(Undelivered::CutOff) => {
            tracing::info!(target: "wsstream", "cut off before a dropped stream was delivered");
        }
        Err(Undelivered::GivenUp) => {
            tracing::info!(target: "wsstream", "the peer takes no more of a dropped stream");
        }
    });
}
