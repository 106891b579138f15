//! Contract 6: progress is what the peer has taken, over sockets that hold much and can tell, as TCP does.

use alloc::vec::Vec;
use core::task::Poll;
use core::time::Duration;
use std::io::ErrorKind;

use super::support::*;
use crate::pump::Stream;
use crate::test_kit::{Pipe, Sleeper};
use crate::{ConnectionConfig, Keepalive, Opcode, Role, StreamError, Timeout};

type Story = Lone<Stream<Pipe, Sleeper>>;

/// A socket with a send buffer of 4 MiB, of which it tells how much the peer has not taken.
fn lone(role: Role, config: ConnectionConfig) -> Story {
    let lone = Lone::new(role, config);
    lone.output.get().capacity = 4 << 20;
    lone.output.get().tells_taken = true;
    lone
}

/// A reader of 16 KiB/s: Linux opens a window that was full in steps of up to 384 KiB.
const STEP: usize = 384 << 10;
const PACE: Duration = Duration::from_secs(24);

fn keepalive() -> ConnectionConfig {
    ConnectionConfig::new().keepalive(Keepalive::default())
}

fn pings(frames: &[(Opcode, Vec<u8>)]) -> usize {
    let pings = frames.iter().filter(|(opcode, _)| *opcode == Opcode::Ping);
    pings.count()
}

type IsPending = fn(&mut Story) -> bool;

/// How to wait for the peer's Close after one's own.
const WAITS: [(&str, IsPending); 2] = [
    ("read", |lone| lone.read(9).is_pending()),
    ("close", |lone| lone.close(1000).is_pending()),
];

#[test]
fn a_slow_reader_has_all_the_time_that_it_takes_and_then_the_close_timeout() {
    for role in ROLES {
        for (name, is_pending) in WAITS {
            let mut lone = lone(role, ConnectionConfig::new().half_close(false));
            assert_eq!(lone.fill(), 4 << 20);
            lone.output.get().unblock(8 << 20);
            assert!(lone.shutdown().is_ready());
            while !lone.output.get().octets.is_empty() {
                assert!(is_pending(&mut lone), "{name} at {:?}", lone.clock.now());
                lone.clock.advance(PACE);
                lone.output.get().take_up_to(STEP);
            }
            // That it has all is found out within a second.
            assert!(is_pending(&mut lone));
            lone.clock.advance(secs(1));
            assert!(is_pending(&mut lone));
            lone.clock.advance(secs(8));
            assert!(is_pending(&mut lone));
            lone.feed_close(1000);
            lone.eof();
            assert!(!is_pending(&mut lone));
            assert_eq!(lone.it.connection().ending(), Some(Ok(())));
        }
    }
}

#[test]
fn who_takes_everything_and_does_not_answer_is_given_up_in_the_close_timeout() {
    for (name, is_pending) in WAITS {
        let mut lone = lone(Role::Server, ConnectionConfig::new().half_close(false));
        assert!(lone.write(b"last words").is_ready());
        assert!(lone.shutdown().is_ready());
        lone.sent();
        assert!(is_pending(&mut lone), "{name}");
        lone.clock.advance(secs(9));
        assert!(is_pending(&mut lone), "{name}");
        lone.clock.advance(secs(1));
        assert!(!is_pending(&mut lone), "{name}");
        let timeout = Timeout::Close(secs(10));
        let expected = Some(Err(StreamError::TimedOut(timeout)));
        assert_eq!(lone.it.connection().ending(), expected);
    }
}

#[test]
fn who_stops_taking_is_given_up_in_the_progress_timeout() {
    for (name, is_pending) in WAITS {
        let mut lone = lone(Role::Server, ConnectionConfig::new().half_close(false));
        lone.fill();
        lone.output.get().unblock(8 << 20);
        assert!(lone.shutdown().is_ready());
        for taken in [STEP, 1] {
            lone.output.get().take_up_to(taken);
            assert!(is_pending(&mut lone), "{name}");
            for _ in 0..59 {
                lone.clock.advance(secs(1));
                assert!(is_pending(&mut lone), "{name}");
            }
        }
        lone.clock.advance(secs(2));
        assert!(!is_pending(&mut lone), "{name}");
        let timeout = Timeout::Progress(secs(60));
        let expected = Some(Err(StreamError::TimedOut(timeout)));
        assert_eq!(lone.it.connection().ending(), expected);
    }
}

/// Dropping a socket that still has octets, or gets some, would reset it: `shutdown` of the answering end
/// is done when the peer has everything.
#[test]
fn an_answer_holds_the_socket_until_it_is_taken() {
    for role in ROLES {
        for half_close in [true, false] {
            let mut lone = lone(role, ConnectionConfig::new().half_close(half_close));
            assert!(lone.write(&octets(60_000)).is_ready());
            lone.feed_close(1000);
            assert_eq!(ready(lone.read(9)).unwrap(), b"");
            for _ in 0..100 {
                // Its pings behind its Close would reset the connection, too.
                lone.feed(Opcode::Ping, b"still reading");
                assert!(lone.shutdown().is_pending());
                lone.clock.advance(secs(50));
                lone.output.get().take_up_to(600);
            }
            lone.output.get().take();
            lone.clock.advance(secs(1));
            assert!(ready(lone.shutdown()).is_ok());
            assert_eq!(lone.input.get().octets.len(), 0);
        }
    }
}

#[test]
fn a_peer_that_takes_not_even_a_ping_is_given_up_in_the_timeout() {
    for role in ROLES {
        for full in [false, true] {
            let mut lone = lone(role, keepalive());
            if full {
                lone.fill();
            }
            lone.drive();
            lone.clock.advance(secs(30));
            lone.drive();
            assert_eq!(lone.it.connection().counters().pings_sent, 1);
            for _ in 0..2 {
                lone.clock.advance(secs(29));
                lone.drive();
                assert_eq!(lone.it.connection().given_up(), None);
            }
            lone.clock.advance(secs(2));
            let error = ready(lone.read(9)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
            assert_eq!(lone.clock.now().since_origin(), secs(90));
            // The writer is told why, too.
            let error = ready(lone.write(b"x")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::BrokenPipe);
            let reason = "nothing heard from the peer for 60s";
            assert_eq!(alloc::string::ToString::to_string(&error), reason);
        }
    }
}

/// Its application may not have looked for a while; or it is a box in between, which takes everything. A
/// ping asks in each interval, whatever we write, and in the end the peer is told.
#[test]
fn a_peer_that_takes_everything_and_says_nothing_has_five_minutes() {
    for pushes in [false, true] {
        let mut lone = lone(Role::Server, keepalive());
        let mut asked = 0;
        lone.drive();
        for second in 1..330 {
            lone.clock.advance(secs(1));
            if pushes {
                assert!(lone.write(b"news").is_ready());
            } else {
                lone.drive();
            }
            assert_eq!(lone.it.connection().given_up(), None, "{second}");
            asked += pings(&lone.sent());
            assert_eq!(asked, second / 30, "{second}");
        }
        lone.clock.advance(secs(1));
        lone.drive();
        let timeout = Timeout::Keepalive(secs(300));
        assert_eq!(lone.it.connection().given_up(), Some(timeout));
        let told = lone.sent().pop().unwrap();
        assert_eq!(told.0, Opcode::Close);
        assert_eq!(told.1[..2], 1011_u16.to_be_bytes());
    }
}

/// It reads what lies before the ping first, and answers it as soon as it gets there.
#[test]
fn a_slow_reader_lives_though_its_pongs_come_late() {
    for role in ROLES {
        let mut lone = lone(role, keepalive());
        lone.output.get().capacity = 2 << 20;
        let mut unanswered = Vec::new();
        for _ in 0..50 {
            lone.fill();
            lone.clock.advance(PACE);
            unanswered.extend(lone.output.get().take_up_to(STEP));
            lone.drive();
            assert_eq!(lone.it.connection().given_up(), None);
            // A ping's payload is its number.
            let number = lone.it.connection().counters().pings_sent;
            if number > 0 && unanswered.len() > 4 << 20 {
                lone.feed(Opcode::Pong, &number.to_be_bytes());
                unanswered.clear();
            }
        }
        assert!(matches!(lone.read(9), Poll::Pending));
    }
}

/// The time to take something begins when there is something to take.
#[test]
fn a_pong_after_a_long_silence_has_its_time() {
    for waits in [false, true] {
        let mut lone = lone(Role::Client, ConnectionConfig::new());
        assert!(lone.shutdown().is_ready());
        lone.output.get().take();
        assert!(lone.read(9).is_pending());
        lone.clock.advance(secs(1000));
        if waits {
            lone.output.get().capacity = 0;
        }
        lone.feed(Opcode::Ping, b"still there?");
        assert!(lone.read(9).is_pending());
        for _ in 0..59 {
            lone.clock.advance(secs(1));
            assert!(lone.read(9).is_pending());
        }
        lone.output.get().take();
        lone.output.get().unblock(1 << 20);
        lone.feed(Opcode::Binary, b"late");
        assert_eq!(ready(lone.read(9)).unwrap(), b"late");
    }
}

/// Behind our Close there are pings and pongs only, which nobody misses.
#[test]
fn what_is_left_behind_our_close_is_no_loss() {
    for role in ROLES {
        let mut lone = lone(role, ConnectionConfig::new());
        assert!(lone.write(b"all").is_ready());
        assert!(lone.shutdown().is_ready());
        lone.output.get().take();
        lone.output.get().capacity = 0;
        lone.feed(Opcode::Ping, b"still there?");
        assert!(lone.read(9).is_pending());
        let written = lone.output.get().written;
        let gone = crate::test_kit::WriteEnd::Error(ErrorKind::BrokenPipe);
        lone.output.get().write_end = Some((written, gone));
        lone.output.get().unblock(1 << 20);
        lone.feed_close(1000);
        lone.eof();
        assert_eq!(ready(lone.read(9)).unwrap(), b"");
        assert!(ready(lone.close(1000)).is_ok());
    }
}
