//! Relaying between two sockets.

use std::time::Duration;

use wsstream_core::pump::{self, Relayed, Socket};

use crate::runtime::Runtime;

/// Relays octets between two sockets in both directions, until both directions have ended or one socket fails. It
/// passes on the end of each direction, and it reports a failure of one socket to the peer of the other: see
/// [`pump::relay`]. The result tells how many octets each direction carried, and how it ended.
///
/// A WebSocket peer that did not agree to half-close cuts off its reply when it receives a Close frame. To avoid this,
/// the relay delays the Close until the reply has ended, or until no octet of it has arrived for 60 seconds; see
/// [`relay_with`] for another limit.
///
/// If you drop the future, octets in transit are lost, and the socket they were meant for is closed as after a failure.
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
