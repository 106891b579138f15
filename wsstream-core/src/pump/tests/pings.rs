//! Contract 5: pings are answered whichever half is polled, and while nothing is read.

use alloc::vec;
use alloc::vec::Vec;
use core::task::Poll;

use super::support::*;
use crate::handshake::{ClientConfig, Negotiated, ServerConfig};
use crate::pump::Upgraded;
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{ConnectionConfig, Opcode, Role, Seed};

type Poller = fn(&mut Lone<crate::pump::Stream<Pipe, Sleeper>>);

/// Whatever an application polls while it does not read.
const NOT_READING: [(&str, Poller); 4] = [
    ("write", |lone| assert!(lone.write(b"x").is_ready())),
    ("flush", |lone| assert!(lone.flush().is_ready())),
    ("drive", |lone| lone.drive()),
    ("empty write", |lone| assert!(lone.write(b"").is_ready())),
];

fn pongs(lone: &Lone<crate::pump::Stream<Pipe, Sleeper>>) -> Vec<Vec<u8>> {
    let sent = lone.sent().into_iter();
    let pongs = sent.filter(|(opcode, _)| *opcode == Opcode::Pong);
    pongs.map(|(_, payload)| payload).collect()
}

#[test]
fn pings_are_answered_whatever_is_polled() {
    for role in ROLES {
        for (name, poll) in NOT_READING {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.feed(Opcode::Ping, b"one");
            poll(&mut lone);
            assert_eq!(pongs(&lone), [b"one"], "{name}");
            lone.feed(Opcode::Ping, b"two");
            poll(&mut lone);
            assert_eq!(pongs(&lone), [b"two"], "{name}");
        }
        let mut lone = Lone::new(role, ConnectionConfig::new());
        lone.feed(Opcode::Ping, b"one");
        assert!(lone.read(1).is_pending());
        assert_eq!(pongs(&lone), [b"one"]);
    }
}

#[test]
fn pings_behind_unread_data_are_answered_and_the_data_stays() {
    for role in ROLES {
        for (name, poll) in NOT_READING {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.feed(Opcode::Binary, &octets(30_000));
            lone.feed(Opcode::Ping, b"one");
            lone.feed(Opcode::Binary, b"more");
            lone.feed(Opcode::Ping, b"two");
            poll(&mut lone);
            assert_eq!(pongs(&lone), [b"one", b"two"], "{name}");
            let mut read = Vec::new();
            while let Poll::Ready(octets) = lone.read(999) {
                read.extend(octets.unwrap());
            }
            assert!(
                read == [octets(30_000), b"more".to_vec()].concat(),
                "{name}"
            );
        }
    }
}

/// What was received by a read that took only a part of it.
#[test]
fn pings_behind_what_a_reader_left_are_answered() {
    for (name, poll) in NOT_READING {
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
        lone.feed(Opcode::Binary, b"hello");
        lone.feed(Opcode::Ping, b"one");
        assert_eq!(ready(lone.read(2)).unwrap(), b"he");
        poll(&mut lone);
        assert_eq!(pongs(&lone), [b"one"], "{name}");
        assert_eq!(ready(lone.read(9)).unwrap(), b"llo");
    }
}

/// What came behind the opening handshake, from a socket that has nothing more to give.
#[test]
fn pings_behind_the_handshake_are_answered() {
    for (name, poll) in NOT_READING {
        for data in [b"".as_slice(), b"hello"] {
            let mut left = frame(Role::Client, Opcode::Binary, data);
            left.extend(frame(Role::Client, Opcode::Ping, b"one"));
            let mut lone = Lone::with(Role::Server, true, |near, sleeper| {
                let negotiated = Negotiated::nothing(ServerConfig::stream().config, None);
                Upgraded::new(near, sleeper, negotiated, left).into_stream()
            });
            poll(&mut lone);
            assert_eq!(pongs(&lone), [b"one"], "{name}");
            lone.feed(Opcode::Binary, b"!");
            let mut read = Vec::new();
            while let Poll::Ready(octets) = lone.read(9) {
                read.extend(octets.unwrap());
            }
            assert_eq!(read, [data, b"!"].concat(), "{name}");
        }
    }
}

#[test]
fn a_ping_that_is_cut_anywhere_is_answered_when_it_is_whole() {
    let mut wire = frame(Role::Client, Opcode::Binary, b"data");
    wire.extend(frame(Role::Client, Opcode::Ping, b"one"));
    wire.extend(frame(Role::Client, Opcode::Binary, b"more"));
    for cut in 0..wire.len() {
        for (name, poll) in NOT_READING {
            let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
            lone.input.get().feed(&wire[..cut]);
            poll(&mut lone);
            lone.input.get().feed(&wire[cut..]);
            let mut pongs = pongs(&lone);
            poll(&mut lone);
            pongs.extend(super::pings::pongs(&lone));
            assert_eq!(pongs, [b"one"], "{name}, cut at {cut}");
            let mut read = Vec::new();
            while let Poll::Ready(octets) = lone.read(3) {
                read.extend(octets.unwrap());
            }
            assert_eq!(read, b"datamore", "{name}, cut at {cut}");
        }
    }
}

/// As long as less than a buffer of unread data precedes them.
#[test]
fn pings_are_answered_behind_64_kib_and_not_behind_more() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    lone.feed(Opcode::Binary, &octets(64 << 10));
    lone.feed(Opcode::Ping, b"one");
    lone.feed(Opcode::Binary, &octets(64 << 10));
    lone.feed(Opcode::Ping, b"two");
    lone.drive();
    assert_eq!(pongs(&lone), [b"one"]);
    let left = lone.input.get().octets.len();
    assert!(
        left > 60_000,
        "more was read than a buffer holds: {left} left"
    );
    let mut read = Vec::new();
    while let Poll::Ready(octets) = lone.read(1 << 16) {
        read.extend(octets.unwrap());
    }
    assert!(read == [octets(64 << 10), octets(64 << 10)].concat());
    assert_eq!(pongs(&lone), [b"two"]);
}

#[test]
fn after_our_close_pings_are_still_answered() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    assert!(lone.shutdown().is_ready());
    lone.sent();
    lone.feed(Opcode::Ping, b"one");
    lone.drive();
    assert_eq!(pongs(&lone), [b"one"]);
}

/// Any octets a client may find behind the response, and one ping at a time.
#[test]
fn a_writer_that_never_reads_answers_every_ping() {
    let clock = Clock::default();
    let (near, far) = Pipe::pair(false);
    let seed = Seed::new([1; 32]);
    let negotiated = Negotiated::nothing(ClientConfig::stream().config, Some(seed));
    let mut upgraded = Upgraded::new(near, clock.sleeper(), negotiated, vec![]).into_stream();
    let task = Task::new();
    for number in 0..2000_u32 {
        let ping = frame(Role::Server, Opcode::Ping, &number.to_be_bytes());
        far.output.get().feed(&ping);
        assert!(upgraded.poll_write(&task.cx(), b"data").is_ready());
        let sent = frames(&far.input.get().take());
        let pong = (Opcode::Pong, number.to_be_bytes().to_vec());
        assert!(sent.contains(&pong), "{number}");
    }
}
