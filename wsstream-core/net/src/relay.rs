//! Relaying between two sockets.

use std::time::Duration;

use wsstream_core::pump::{self, Relayed, Socket};

use crate::runtime::Runtime;

/// Relays octets between two sockets in both directions, until both directions have ended or one socket fails. The
/// result tells how many octets each direction carried, and how it ended. Drop the sockets then: only that closes or
/// resets a TCP connection. [`pump::Relay`] tells more about all of this:
///
/// - The end of each direction is passed on. A WebSocket peer that did not agree to half-close cuts off its reply when it
///   receives a Close frame. So the relay delays the Close until the reply has ended, or until no octet of it has arrived
///   for 60 seconds; see [`relay_with`] for another limit.
/// - When one socket fails, the peer of the other first gets everything that came before. Then it is told that something
///   is missing: by a reset of TCP, by Close 1011 of a WebSocket, by TLS that ends without a `close_notify`. The peer of a
///   Unix socket or a pipe cannot be told: it sees an end.
/// - A socket that takes no octets stops the other one from being read. When the other one has gone meanwhile, the first
///   is given up once it has taken nothing for 60 seconds.
/// - A peer that sends to one that has gone is closed, once it has everything that was for it. It may go on for 2 seconds
///   after that.
///
/// If you drop the future, octets in transit are lost. A socket that may not have everything is closed as after a
/// failure, with Close 1001 if it is a WebSocket.
///
/// # Panics
///
/// When polled on a runtime without timers, if the runtime's clock panics there, as tokio's does.
pub async fn relay<R: Runtime>(a: &mut impl Socket, b: &mut impl Socket) -> Relayed {
    relay_with::<R>(a, b, PATIENCE).await
}

/// As [`relay`], but `patience` replaces the 60 seconds without an octet after which the relay gives up a reply.
pub async fn relay_with<R: Runtime>(
    a: &mut impl Socket,
    b: &mut impl Socket,
    patience: Duration,
) -> Relayed {
    pump::relay(a, b, patience, R::clock).await
}

/// How long a reply may pause before the relay gives it up.
const PATIENCE: Duration = Duration::from_secs(60);
