//! TLS handshakes of a server: their time limit, and the end of a refused connection.

use std::future::{Future, poll_fn};
use std::io;
use std::time::Duration;

use wsstream_core::pump::{Clock, Socket, within};

use super::tls_error;
use crate::context::timed_out;

/// Waits for a server's handshake, for at most `limit`. If the handshake failed and left the socket,
/// gives the peer time to read the alert.
///
/// # Errors
///
/// The handshake's error as a [`TlsError`](super::TlsError); `TimedOut`.
pub(crate) async fn accept_within<T, S: Socket>(
    mut clock: impl Clock,
    limit: Duration,
    handshake: impl Future<Output = Result<T, (io::Error, Option<S>)>>,
) -> io::Result<T> {
    let ends = clock.now() + limit;
    match within(&mut clock, ends, handshake).await {
        None => Err(timed_out("in the TLS handshake")),
        Some(Ok(tls)) => Ok(tls),
        Some(Err((error, socket))) => {
            let ends = ends.min(clock.now() + LINGER);
            if let Some(socket) = socket {
                // The handshake's error is reported anyway.
                let _ = within(&mut clock, ends, linger(socket)).await;
            }
            Err(tls_error("", error))
        }
    }
}

/// Lets the peer read the alert. Closing the connection with unread octets would reset it, and destroy
/// the alert.
async fn linger(mut socket: impl Socket) -> io::Result<()> {
    poll_fn(|cx| socket.poll_shutdown(cx)).await?;
    let mut discarded = [0; 1024];
    while poll_fn(|cx| socket.poll_read(cx, &mut discarded)).await? > 0 {}
    Ok(())
}

/// How long a peer has to read the alert.
const LINGER: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::io::ErrorKind;
    use std::task::Poll;

    use wsstream_core::Timestamp;
    use wsstream_core::test_kit::{self, Task};

    use super::*;
    use crate::test_support::{Scripted, secs};

    /// Sleeps, and then fails with what is left of the socket, succeeds, or does neither: what came of it, when, and
    /// whether the peer was told.
    fn accepted(
        takes: Duration,
        outcome: Option<bool>,
        peer_ends: bool,
    ) -> (io::Result<()>, Duration, bool) {
        let (clock, task) = (test_kit::Clock::default(), Task::new());
        let near = Scripted::saying(&[0; 5000], peer_ends);
        let seen = near.clone();
        let mut sleeper = clock.sleeper();
        let handshake = async {
            poll_fn(|cx| sleeper.poll_sleep(cx, Timestamp::ORIGIN + takes)).await;
            match outcome {
                Some(true) => Ok(()),
                Some(false) => Err((ErrorKind::InvalidData.into(), Some(near))),
                None => pending().await,
            }
        };
        let mut accepting = Box::pin(accept_within(clock.sleeper(), secs(10), handshake));
        let result = loop {
            if let Poll::Ready(result) = accepting.as_mut().poll(&mut task.cx()) {
                break result;
            }
            assert!(clock.advance_to_deadline(), "nothing is waited for");
        };
        let told = seen.with(|script| script.is_shut_down);
        (result, clock.now().since_origin(), told)
    }

    #[test]
    fn the_limit_is_a_total_and_a_refused_peer_may_read_why() {
        let (result, took, _) = accepted(secs(3), Some(true), false);
        assert_eq!((result.unwrap(), took), ((), secs(3)));
        // How long it takes, whether it fails, whether the peer ends, the error, and when it is over.
        for (takes, fails, peer_ends, kind, after) in [
            (secs(3), true, true, ErrorKind::InvalidData, secs(3)),
            (secs(3), true, false, ErrorKind::InvalidData, secs(5)),
            (secs(9), true, false, ErrorKind::InvalidData, secs(10)),
            (secs(3), false, false, ErrorKind::TimedOut, secs(10)),
        ] {
            let (result, took, told) = accepted(takes, fails.then_some(false), peer_ends);
            let error = result.unwrap_err();
            assert_eq!((error.kind(), took), (kind, after));
            assert_eq!(told, fails);
            assert!(error.to_string().contains("TLS"), "{error}");
        }
    }
}
