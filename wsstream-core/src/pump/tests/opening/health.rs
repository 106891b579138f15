//! Load balancers that ask how the server is.

use alloc::string::String;

use super::*;
use crate::pump::{Permits, Phase};

/// What is sent, and the status of what comes back; `None` if that is up to the application.
const ASKED: &[(&[u8], Option<u16>)] = &[
    (b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n", Some(200)),
    (b"HEAD /health HTTP/1.1\r\nHost: a\r\n\r\n", Some(200)),
    (b"GET /health HTTP/1.0\r\n\r\n", Some(200)),
    (b"OPTIONS / HTTP/1.0\r\n\r\n", Some(200)),
    (b"OPTIONS * HTTP/1.0\r\n\r\n", Some(200)),
    (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", None),
    (b"OPTIONS /x HTTP/1.0\r\n\r\n", None),
];

#[test]
fn a_health_check_is_answered_without_the_application() {
    for &(asked, status) in ASKED {
        for with_permit in [false, true] {
            let (clock, permits) = (Clock::default(), Permits::new());
            let (near, far) = Pipe::pair(true);
            let server = ServerConfig::stream().health_path("/health").into();
            let mut accepting = Waiting::new(match with_permit {
                true => Accept::with_permit(near, clock.sleeper(), server, permits.issue()),
                false => Accept::new(near, clock.sleeper(), server),
            });
            for octet in asked {
                assert!(accepting.poll().is_pending());
                assert!(far.input.get().octets.is_empty());
                far.output.get().feed(&[*octet]);
            }
            let accepted = accepting.poll();
            let Some(status) = status else {
                assert!(ready(accepted).is_ok());
                continue;
            };
            // The answer is there at once, and its end.
            let answer = String::from_utf8(far.input.get().take()).unwrap();
            let line = alloc::format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&line), "{answer}");
            assert!(answer.contains("\r\nConnection: close\r\n"), "{answer}");
            assert_eq!(answer.ends_with("\r\n\r\n"), asked.starts_with(b"HEAD"));
            assert!(far.input.get().is_shut_down);
            // Who has it and goes holds nothing any more.
            assert!(accepted.is_pending());
            assert_eq!(permits.taken(), usize::from(with_permit));
            far.output.get().finish(Ok(()));
            let error = handshake_error(ready(accepting.poll()));
            assert_eq!(error, HandshakeError::HealthCheck);
            drop(accepting);
            assert_eq!(permits.taken(), 0);
        }
    }
}

/// So that balancers send nobody else.
#[test]
fn while_the_listener_shuts_down_it_is_503() {
    let (clock, permits) = (Clock::default(), Permits::new());
    let (near, far) = Pipe::pair(true);
    let server = ServerConfig::stream().health_path("/health").into();
    let permit = permits.issue();
    let mut accepting = Waiting::new(Accept::with_permit(near, clock.sleeper(), server, permit));
    assert!(accepting.poll().is_pending());
    far.output
        .get()
        .feed(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
    permits.enter(Phase::Finishing);
    assert!(accepting.poll().is_pending());
    assert!(far.input.get().take().starts_with(b"HTTP/1.1 503 "));
    far.output.get().finish(Ok(()));
    let error = handshake_error(ready(accepting.poll()));
    assert_eq!(error, HandshakeError::ShuttingDown);
}

/// A balancer that keeps the connection has the time of those who are refused.
#[test]
fn a_balancer_that_stays_is_dropped() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    far.output.get().feed(b"OPTIONS * HTTP/1.0\r\n\r\n");
    let server = ServerConfig::stream().health_path("/").into();
    let mut accepting = Waiting::new(Accept::new(near, clock.sleeper(), server));
    assert!(accepting.poll().is_pending());
    clock.advance(secs(2));
    let error = handshake_error(ready(accepting.poll()));
    assert_eq!(error, HandshakeError::HealthCheck);
}
