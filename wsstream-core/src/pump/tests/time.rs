//! Contract 6: keepalive and its like, in time that passes when it is told to.

use std::io::ErrorKind;

use super::support::*;
use crate::pump::Stream;
use crate::test_kit::{Pipe, Sleeper};
use crate::{ConnectionConfig, Keepalive, Opcode, Role, StreamError, Timeout};

fn keepalive() -> ConnectionConfig {
    let keepalive = Keepalive::new(secs(30), secs(5)).unwrap();
    ConnectionConfig::new().keepalive(keepalive.unanswered(secs(10)).unwrap())
}

/// What the number of the newest ping is.
fn ping(lone: &Lone<Stream<Pipe, Sleeper>>) -> Option<alloc::vec::Vec<u8>> {
    let mut sent = lone.sent().into_iter();
    let ping = sent.rfind(|(opcode, _)| *opcode == Opcode::Ping);
    ping.map(|(_, payload)| payload)
}

type Poller = fn(&mut Lone<Stream<Pipe, Sleeper>>);
type IsPending = fn(&mut Lone<Stream<Pipe, Sleeper>>) -> bool;

/// Whatever is pending on an idle connection.
const IDLE: [Poller; 2] = [
    |lone| assert!(lone.read(1).is_pending()),
    |lone| lone.drive(),
];

#[test]
fn an_idle_peer_is_pinged_and_lives_by_any_octet() {
    for role in ROLES {
        for poll in IDLE {
            let mut lone = Lone::new(role, keepalive());
            poll(&mut lone);
            for round in 0..5 {
                lone.task.is_woken();
                lone.clock.advance(secs(30));
                assert!(lone.task.is_woken());
                poll(&mut lone);
                assert!(ping(&lone).is_some(), "{round}");
                lone.clock.advance(secs(9));
                // A part of a frame is enough.
                let pong = frame(other(role), Opcode::Pong, &[round]);
                lone.input.get().feed(&pong[..1]);
                poll(&mut lone);
                lone.clock.advance(secs(9));
                poll(&mut lone);
                assert_eq!(lone.sent(), []);
                lone.input.get().feed(&pong[1..]);
                poll(&mut lone);
            }
        }
    }
}

#[test]
fn a_dead_peer_is_given_up() {
    for role in ROLES {
        for poll in IDLE {
            let mut lone = Lone::new(role, keepalive());
            poll(&mut lone);
            lone.clock.advance(secs(30));
            poll(&mut lone);
            assert!(ping(&lone).is_some());
            lone.clock.advance(secs(9));
            poll(&mut lone);
            lone.task.is_woken();
            lone.clock.advance(secs(1));
            assert!(lone.task.is_woken());
            let error = ready(lone.read(1)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            let inner = error
                .into_inner()
                .unwrap()
                .downcast::<StreamError>()
                .unwrap();
            assert_eq!(*inner, StreamError::TimedOut(Timeout::Keepalive(secs(10))));
            assert_eq!(kind(lone.write(b"x")), ErrorKind::BrokenPipe);
        }
    }
}

#[test]
fn a_writer_that_waits_learns_that_the_peer_is_dead() {
    let mut lone = Lone::new(Role::Client, keepalive());
    lone.output.get().capacity = 10;
    lone.fill();
    lone.clock.advance(secs(30));
    assert!(lone.write(&[0; 9999]).is_pending());
    lone.clock.advance(secs(10));
    assert_eq!(kind(lone.write(&[0; 9999])), ErrorKind::BrokenPipe);
    assert_eq!(kind(lone.flush()), ErrorKind::TimedOut);
}

/// The task was not polled for a minute, and neither pings nor timeouts are the peer's fault.
#[test]
fn a_peer_is_not_given_up_while_its_octets_wait_unread() {
    let polls: [(&str, IsPending); 6] = [
        ("read", |lone| lone.read(1).is_pending()),
        ("write", |lone| lone.write(b"x").is_pending()),
        ("flush", |lone| lone.flush().is_pending()),
        ("shutdown", |lone| lone.shutdown().is_pending()),
        ("close", |lone| lone.close(1000).is_pending()),
        ("drive", |lone| {
            lone.drive();
            true
        }),
    ];
    for role in ROLES {
        for (name, poll) in polls {
            let mut lone = Lone::new(role, keepalive());
            lone.output.get().capacity = 10;
            lone.fill();
            lone.clock.advance(secs(30));
            // The ping is in the outbox, and its time runs.
            lone.drive();
            lone.clock.advance(secs(5));
            lone.feed(Opcode::Pong, b"alive");
            lone.clock.advance(secs(60));
            assert!(poll(&mut lone), "{name}");
            assert_eq!(lone.it.connection().ending(), None, "{name}");
        }
    }
}

/// Not even if the runtime has not come to tell that there are octets.
#[test]
fn a_peer_is_not_given_up_before_the_socket_was_asked() {
    for role in ROLES {
        for read in [true, false] {
            let mut lone = Lone::new(role, keepalive());
            let poll = |lone: &mut Lone<Stream<Pipe, Sleeper>>| {
                if read {
                    assert!(lone.read(1).is_pending());
                } else {
                    lone.drive();
                }
            };
            poll(&mut lone);
            lone.clock.advance(secs(30));
            poll(&mut lone);
            let pong = frame(other(role), Opcode::Pong, b"alive");
            lone.input.get().octets.extend(pong);
            lone.clock.advance(secs(60));
            poll(&mut lone);
            assert_eq!(lone.it.connection().ending(), None);
            assert!(lone.task.is_woken());
        }
    }
}

/// A runtime looks at its timers when it looks at its sockets, and so does who was starved.
#[test]
fn a_peer_is_not_given_up_before_the_runtime_looked_at_its_sockets() {
    for poll in IDLE {
        let mut lone = Lone::new(Role::Server, keepalive());
        poll(&mut lone);
        lone.clock.advance(secs(30));
        poll(&mut lone);
        lone.clock.advance_unnoticed(secs(60));
        poll(&mut lone);
        assert_eq!(lone.it.connection().ending(), None);
        lone.task.is_woken();
        lone.feed(Opcode::Pong, b"alive");
        lone.clock.advance(secs(0));
        assert!(lone.task.is_woken());
        poll(&mut lone);
        assert_eq!(lone.it.connection().ending(), None);
    }
}

/// A slow link that takes a little now and then is alive.
#[test]
fn a_slow_peer_is_not_given_up() {
    for role in ROLES {
        let mut lone = Lone::new(role, keepalive());
        lone.output.get().capacity = 10;
        lone.fill();
        for _ in 0..20 {
            lone.clock.advance(secs(9));
            assert_eq!(lone.output.get().take_up_to(1).len(), 1);
            lone.drive();
        }
        assert_eq!(lone.it.connection().ending(), None);
        // Nothing was heard: it is asked, once, as that has not left.
        assert_eq!(lone.it.connection().counters().pings_sent, 1);
    }
}

/// It is the application that does not read: the peer may be as alive as can be.
#[test]
fn a_peer_that_nobody_reads_is_not_given_up() {
    let mut lone = Lone::new(Role::Server, keepalive());
    for _ in 0..20 {
        lone.feed(Opcode::Binary, &octets(100_000));
        lone.drive();
        lone.clock.advance(secs(29));
        lone.drive();
    }
    assert_eq!(lone.it.connection().ending(), None);
}

#[test]
fn the_round_trip_time_is_told() {
    let mut lone = Lone::new(Role::Client, keepalive());
    assert!(lone.read(1).is_pending());
    lone.clock.advance(secs(30));
    assert!(lone.read(1).is_pending());
    let number = ping(&lone).unwrap();
    lone.clock.advance(secs(2));
    lone.feed(Opcode::Pong, &number);
    assert!(lone.read(1).is_pending());
    assert_eq!(lone.it.connection().rtt(), Some(secs(2)));
}

/// Neither reading the clock nor waiting for it: nothing can be due.
#[test]
fn without_keepalive_an_open_connection_waits_for_no_time() {
    let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
    assert!(lone.read(1).is_pending());
    assert!(lone.write(b"x").is_ready());
    lone.drive();
    assert!(!lone.clock.advance_to_deadline());
}

#[test]
fn a_reader_after_our_close_waits_for_the_peers_by_progress() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new().half_close(false));
    assert!(lone.shutdown().is_ready());
    for _ in 0..10 {
        assert!(lone.read(1).is_pending());
        lone.clock.advance(secs(9));
        lone.feed(Opcode::Binary, b"x");
        assert_eq!(ready(lone.read(1)).unwrap(), b"x");
    }
    assert!(lone.read(1).is_pending());
    lone.task.is_woken();
    lone.clock.advance(secs(10));
    assert!(lone.task.is_woken());
    assert_eq!(kind(lone.read(1)), ErrorKind::TimedOut);
}
