//! Joining two sockets.

use std::time::Duration;

use wsstream_core::pump::{self, Relayed, Socket};

use crate::runtime::Runtime;

/// Carries octets between two sockets until both have ended, or one fails. Both are driven all the time, the end
/// of one direction is passed on as such, and a failure of one is told to the other: see [`pump::relay`].
///
/// A WebSocket peer that did not agree to half close would cut off its reply when it receives a Close. So the
/// end of the other side is held back from it until the reply has ended, or nothing more of it has come for 60
/// seconds.
///
/// Dropping the future while octets are under way loses them, and closes the end that was to have them as after a
/// failure.
pub async fn relay<R: Runtime>(a: &mut impl Socket, b: &mut impl Socket) -> Relayed {
    relay_with::<R>(a, b, PATIENCE).await
}

/// As [`relay`], with another limit than 60 seconds for the reply of a peer that did not agree to half close.
pub async fn relay_with<R: Runtime>(
    a: &mut impl Socket,
    b: &mut impl Socket,
    patience: Duration,
) -> Relayed {
    pump::relay(a, b, patience, R::clock).await
}

/// How long a peer may say nothing before its reply is given up.
const PATIENCE: Duration = Duration::from_secs(60);
