//! Contract 2: writes leave at once, payload is readable at once, and neither costs more calls than
//! it must.

use alloc::vec;
use alloc::vec::Vec;
use core::task::Poll;
use std::io::IoSlice;

use super::support::*;
use crate::{ConnectionConfig, Encoding, Opcode, Role};

#[test]
fn a_write_leaves_without_flush_in_one_call() {
    for (role, vectored) in [
        (Role::Server, true),
        (Role::Server, false),
        (Role::Client, true),
        (Role::Client, false),
    ] {
        for encoding in [Encoding::Binary, Encoding::Base64] {
            let mut lone = Lone::with(role, vectored, |near, sleeper| {
                stream(near, sleeper, role, encoding, ConnectionConfig::new())
            });
            for (at, len) in [1, 125, 126, 1000, 40_000].into_iter().enumerate() {
                assert_eq!(ready(lone.write(&octets(len))).unwrap(), len);
                let mut output = lone.output.get();
                assert_eq!((output.writes, output.flushes), (at + 1, at + 1));
                assert_eq!(frames(&output.take()).len(), 1);
            }
        }
    }
}

/// The most that one message carries, and one call: a client masks into an outbox, a server does not.
/// What takes several is cut evenly.
#[test]
fn a_write_of_64_kib_leaves_in_one_call_and_of_more_as_several_messages() {
    for (role, long) in [(Role::Client, 52_480), (Role::Server, 256 << 10)] {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        assert_eq!(ready(lone.write(&octets(1 << 16))).unwrap(), 1 << 16);
        assert_eq!(ready(lone.write(&octets(1 << 18))).unwrap(), long);
        let mut output = lone.output.get();
        assert_eq!(output.writes, 2);
        let lens = frames(&output.take())
            .into_iter()
            .map(|(_, payload)| payload.len());
        assert!(lens.max() <= Some(1 << 16));
    }
}

#[test]
fn several_slices_leave_together() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        let bufs = [b"ab".as_slice(), b"", b"cde"].map(IoSlice::new);
        let written = lone.it.poll_write_vectored(&lone.task.cx(), &bufs);
        assert_eq!(ready(written).unwrap(), 5);
        assert_eq!(lone.output.get().writes, 1);
        let sent = lone.sent().into_iter().flat_map(|(_, payload)| payload);
        assert_eq!(sent.collect::<Vec<_>>(), b"abcde");
    }
}

/// A frame that the socket took a part of is completed, whatever comes next.
#[test]
fn what_the_socket_did_not_take_leaves_before_anything_else() {
    for role in ROLES {
        for part in 1..20 {
            let mut lone = Lone::new(role, ConnectionConfig::new());
            lone.output.get().capacity = part;
            assert_eq!(ready(lone.write(b"0123456789")).unwrap(), 10);
            assert_eq!(ready(lone.write(b"abc")).unwrap(), 3);
            let mut sent = Vec::new();
            while lone.flush().is_pending() {
                sent.extend(lone.output.get().take());
            }
            sent.extend(lone.output.get().take());
            let data =
                [b"0123456789".as_slice(), b"abc"].map(|data| (Opcode::Binary, data.to_vec()));
            assert_eq!(frames(&sent), data);
        }
    }
}

#[test]
fn payload_is_readable_before_its_frame_ends() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        let frame = frame(other(role), Opcode::Binary, &octets(10_000));
        let mut read = Vec::new();
        for (at, part) in frame.chunks(777).enumerate() {
            lone.input.get().feed(part);
            if at == 0 {
                assert!(lone.task.is_woken());
            }
            while let Poll::Ready(octets) = lone.read(9_000) {
                read.extend(octets.unwrap());
            }
            assert_eq!(
                read.len(),
                (777 * (at + 1)).min(frame.len()) - (frame.len() - 10_000)
            );
        }
        assert!(read == octets(10_000));
    }
}

#[test]
fn many_small_frames_are_read_in_two_calls() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    for _ in 0..64 {
        lone.feed(Opcode::Binary, &octets(1024));
    }
    let mut total = 0;
    while total < 64 << 10 {
        total += ready(lone.read(1 << 14)).unwrap().len();
    }
    assert!(lone.input.get().reads <= 2);
}

/// A long frame goes straight into the reader's buffer, but for its end.
#[test]
fn a_read_of_a_long_frame_fills_the_readers_buffer_in_one_call() {
    for role in ROLES {
        let mut lone = Lone::new(role, ConnectionConfig::new());
        let frame = frame(other(role), Opcode::Binary, &octets(1 << 20));
        lone.input.get().feed(&frame[..20]);
        let mut read = ready(lone.read(1 << 16)).unwrap();
        lone.input.get().feed(&frame[20..]);
        let before = lone.input.get().reads;
        for at in 1..=8 {
            let octets = ready(lone.read(1 << 16)).unwrap();
            assert_eq!(octets.len(), 1 << 16);
            read.extend(octets);
            assert_eq!(lone.input.get().reads, before + at);
        }
        assert!(read == octets(1 << 20)[..read.len()]);
    }
}

/// A write does not ask the socket for octets, unless it was told that there are some.
#[test]
fn a_write_does_not_pay_for_a_read() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    assert!(lone.read(10).is_pending());
    lone.input.get().pend_every = 1;
    lone.task.is_woken();
    for _ in 0..10 {
        assert!(lone.write(b"x").is_ready());
    }
    // Had it been asked, it would have told to come again.
    assert!(!lone.task.is_woken());
}

/// A TLS layer may hold octets back.
#[test]
fn a_pending_flush_is_done_later_by_whoever_is_polled() {
    let polls: [fn(&mut Lone<_>); 4] = [
        |lone| lone.drive(),
        |lone| assert!(lone.read(1).is_pending()),
        |lone| assert!(lone.flush().is_ready()),
        |lone| assert!(lone.write(b"x").is_ready()),
    ];
    for poll in polls {
        let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
        lone.output.get().block_flush = true;
        assert!(lone.write(b"hello").is_ready());
        assert!(lone.flush().is_pending());
        lone.task.is_woken();
        assert_eq!(lone.output.get().flushes, 0);
        lone.output.get().unblock(usize::MAX);
        assert!(lone.task.is_woken());
        poll(&mut lone);
        assert!(lone.output.get().flushes > 0);
    }
}

#[test]
fn a_flush_with_nothing_written_costs_nothing() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    assert!(lone.flush().is_ready());
    assert_eq!(lone.output.get().flushes, 0);
}

/// Empty messages and pongs without end: they are nothing to a reader, who has to let others in.
#[test]
fn a_peer_that_never_stops_keeps_one_poll_bounded() {
    for (opcode, payload) in [(Opcode::Binary, 0), (Opcode::Pong, 125), (Opcode::Ping, 3)] {
        let frame = frame(Role::Client, opcode, &octets(payload));
        let flood: Vec<u8> = frame
            .iter()
            .copied()
            .cycle()
            .take(frame.len() << 18)
            .collect();
        let polls: [fn(&mut Lone<_>) -> bool; 3] = [
            |lone| lone.read(100).is_ready(),
            |lone| {
                lone.drive();
                false
            },
            |lone| lone.close(1000).is_ready(),
        ];
        for (at, poll) in polls.into_iter().enumerate() {
            let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
            lone.input.get().feed(&flood);
            lone.input.get().chunk = 1000;
            lone.task.is_woken();
            assert!(!poll(&mut lone));
            assert!(lone.input.get().reads <= 64, "{}", lone.input.get().reads);
            assert!(lone.task.is_woken() || at == 1, "the rest is forgotten");
        }
    }
}

/// What is left by a poll that had enough is done by the next one.
#[test]
fn a_drive_that_had_enough_comes_back() {
    let mut lone = Lone::new(Role::Server, ConnectionConfig::new());
    lone.input.get().chunk = 10;
    lone.feed(Opcode::Pong, &octets(125));
    for _ in 0..10 {
        lone.feed(Opcode::Ping, &octets(125));
    }
    let mut pongs = 0;
    while lone.task.is_woken() {
        lone.drive();
        pongs += lone.sent().len();
    }
    assert_eq!(pongs, 10);
}

#[test]
fn empty_reads_and_writes_do_nothing() {
    let mut lone = Lone::new(Role::Client, ConnectionConfig::new());
    assert_eq!(ready(lone.read(0)).unwrap(), vec![]);
    assert_eq!(ready(lone.write(b"")).unwrap(), 0);
    assert_eq!(lone.sent(), []);
}
