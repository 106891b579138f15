//! Contract 4 and 6: peers that stop, that never stop, or that fail, and applications that change their mind.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;
use core::task::Poll;
use core::time::Duration;
use std::io;

use super::support::*;
use crate::pump::Stream;
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{ConnectionConfig, Encoding, Keepalive, Opcode, Role};

/// A socket that holds much, and tells what of that the peer has not taken.
fn lone(role: Role, config: ConnectionConfig) -> Lone<Stream<Pipe, Sleeper>> {
    let lone = Lone::new(role, config);
    lone.output.get().capacity = 6 << 20;
    lone.output.get().tells_taken = true;
    lone
}

type Poller = fn(&mut Lone<Stream<Pipe, Sleeper>>) -> Poll<io::Result<()>>;

/// The peer ends its direction, then takes nothing of the reply.
#[test]
fn a_reply_that_is_not_taken_is_no_success() {
    let ends: [Poller; 2] = [|lone| lone.shutdown(), |lone| lone.close(1000)];
    for role in ROLES {
        for end in ends {
            let mut lone = lone(role, ConnectionConfig::new());
            lone.feed_close(1000);
            assert_eq!(ready(lone.read(9)).unwrap(), b"");
            assert!(lone.write(&octets(60_000)).is_ready());
            for _ in 0..60 {
                assert!(end(&mut lone).is_pending());
                lone.clock.advance(secs(1));
            }
            assert_eq!(kind(end(&mut lone)), io::ErrorKind::TimedOut);
        }
    }
}

/// What `finish` has begun to discard stays discarded.
#[test]
fn reading_after_a_dropped_close_gives_nothing_that_nobody_has_written() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let config = ConnectionConfig::new().half_close(true);
    let mut a = compressed_stream(
        near,
        clock.sleeper(),
        Role::Client,
        Encoding::Binary,
        config.clone(),
    );
    let mut b = compressed_stream(far, clock.sleeper(), Role::Server, Encoding::Binary, config);
    let task = Task::new();
    assert!(a.poll_close_with(&task.cx(), &close(1000)).is_pending());
    let text = b"what compresses well, what compresses well, what compresses well ".repeat(20);
    assert!(b.poll_write(&task.cx(), &text).is_ready());
    let mut out = vec![0; 4000];
    match a.poll_read(&task.cx(), &mut out) {
        Poll::Ready(Ok(count)) => assert!(
            text.starts_with(&out[..count]),
            "read {count} octets that nobody has written: {:?}",
            &out[..count]
        ),
        other => assert!(!matches!(other, Poll::Ready(Ok(_)))),
    }
}

/// 16 KiB/s, with 6 MiB on the way, which Linux allows: it comes to the ping after more than five minutes.
#[test]
fn a_steady_reader_behind_six_mib_is_not_cut() {
    let mut lone = lone(
        Role::Server,
        ConnectionConfig::new().keepalive(Keepalive::default()),
    );
    let mut taken = Vec::new();
    lone.fill();
    for second in 1..2000 {
        lone.clock.advance(secs(1));
        let octets: Vec<u8> = lone.output.get().take_up_to(16 << 10).into_iter().collect();
        taken.extend(octets);
        lone.fill();
        assert_eq!(lone.it.connection().given_up(), None, "second {second}");
        // The reader answers the pings that it has come to.
        if second % 30 == 29 {
            let _ = &taken;
        }
        // It has come to the first ping behind six MiB.
        if taken.len() > 6 << 20 {
            return;
        }
    }
}

/// The peer talks all the time, and takes ours later.
#[test]
fn a_peer_that_talks_first_is_alive() {
    for half in [true] {
        let mut lone = lone(Role::Client, ConnectionConfig::new().half_close(half));
        assert!(lone.write(&octets(60_000)).is_ready());
        assert!(lone.shutdown().is_ready());
        for second in 0..200 {
            lone.feed(Opcode::Binary, b"more of the reply");
            assert_eq!(
                ready(lone.read(99)).map_err(|e| (second, e)).unwrap(),
                b"more of the reply"
            );
            assert!(lone.read(99).is_pending(), "second {second}");
            lone.clock.advance(secs(1));
        }
    }
}

/// A peer that ignores our Close, and asks now and then.
#[test]
fn close_ends_though_pings_come() {
    let mut lone = lone(Role::Server, ConnectionConfig::new());
    assert!(lone.write(b"last words").is_ready());
    // A path of 100 ms: what the peer takes is acknowledged that much later.
    let step = Duration::from_millis(50);
    let mut flight: VecDeque<usize> = [0, 0].into();
    let mut len = 0;
    for _ in 0..20 * 120 {
        lone.feed(Opcode::Ping, b"?");
        if lone.close(1000).is_ready() {
            return;
        }
        let now = lone.output.get().octets.len();
        flight.push_back(now - len);
        let acked = flight.pop_front().unwrap();
        lone.output.get().take_up_to(acked);
        len = now - acked;
        lone.clock.advance(step);
    }
    panic!(
        "two minutes later it is still pending, with {} pings answered",
        lone.it.connection().counters().pings_received
    );
}

/// The peer says 1011 while we only write.
#[test]
fn shutdown_after_the_peer_failed_is_no_success() {
    for half in [true, false] {
        let mut lone = lone(Role::Client, ConnectionConfig::new().half_close(half));
        assert!(lone.write(b"upload").is_ready());
        lone.feed_close(1011);
        lone.drive();
        lone.sent();
        let _ = lone.shutdown();
        lone.clock.advance(secs(1));
        let done = ready(lone.shutdown());
        assert!(
            done.is_err(),
            "half {half}: shutdown is {done:?}, our Close is {:?}",
            lone.it.connection().sent_close()
        );
    }
}

#[test]
fn shutdown_after_a_violation_is_no_success() {
    let mut lone = lone(Role::Client, ConnectionConfig::new());
    assert!(lone.write(b"upload").is_ready());
    lone.input.get().feed(b"\x83\x00");
    lone.drive();
    let done = ready(lone.shutdown());
    assert!(
        done.is_err(),
        "shutdown is {done:?}, our Close is {:?}",
        lone.it.connection().sent_close()
    );
}

/// Mid-message: what is inflated already is the reader's.
#[test]
fn reading_inside_a_message_after_a_dropped_close_gives_nothing_more() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(true);
    let mut a = compressed_stream(
        near,
        clock.sleeper(),
        Role::Client,
        Encoding::Binary,
        ConnectionConfig::new(),
    );
    let mut b = compressed_stream(
        far,
        clock.sleeper(),
        Role::Server,
        Encoding::Binary,
        ConnectionConfig::new(),
    );
    let task = Task::new();
    let text = b"what compresses well, what compresses well, what compresses well ".repeat(20);
    assert!(b.poll_write(&task.cx(), &text).is_ready());
    let mut out = vec![0; 100];
    assert!(matches!(
        a.poll_read(&task.cx(), &mut out),
        Poll::Ready(Ok(100))
    ));
    assert!(a.poll_close_with(&task.cx(), &close(1000)).is_pending());
    let mut got = out;
    assert!(b.poll_write(&task.cx(), &text).is_ready());
    let mut out = vec![0; 4000];
    while let Poll::Ready(Ok(count)) = a.poll_read(&task.cx(), &mut out) {
        if count == 0 {
            break;
        }
        got.extend_from_slice(&out[..count]);
    }
    let whole = text.repeat(2);
    assert!(
        whole.starts_with(&got) && got.len() <= whole.len(),
        "{} octets, the first {} are right",
        got.len(),
        got.iter().zip(&whole).take_while(|(a, b)| a == b).count()
    );
}

/// A socket tells that it has room when it has much. It is asked itself before the peer is given up.
#[test]
fn a_write_is_tried_once_more_before_a_peer_is_given_up() {
    for has_room in [false, true] {
        let keepalive = Keepalive::new(secs(30), secs(5)).unwrap();
        let keepalive = keepalive.unanswered(secs(10)).unwrap();
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new().keepalive(keepalive));
        lone.output.get().capacity = 10;
        lone.fill();
        lone.drive();
        lone.clock.advance(secs(30));
        lone.drive();
        if has_room {
            // Nobody is told.
            lone.output.get().capacity = 1 << 20;
        }
        lone.clock.advance(secs(10));
        lone.drive();
        assert_eq!(lone.it.connection().given_up().is_some(), !has_room);
    }
}
