//! Section 5 of the contract: a poll gives the thread back after a fixed amount of work, wherever the octets go,
//! and whatever they are. It is counted, not timed.

use alloc::vec;
use alloc::vec::Vec;
use core::task::Poll;

use super::support::*;
use crate::deflate::tests::compressed;
use crate::pump::{Relay, SocketEnd, Stream, WebSocket};
use crate::test_kit::{Clock, Pipe, Sleeper};
use crate::{ConnectionConfig, Encoding, Header, Opcode, Role};

/// What a turn may come to: when it is spent, as much as there is room for may be on its way, and what comes
/// before it.
const BOUND: usize = (256 << 10) + (64 << 10) + 1024;

/// A server's frame.
fn frame(fin: bool, rsv1: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        fin,
        rsv1,
        ..Header::new(opcode, payload.len() as u64)
    };
    [&header.encode(), payload].concat()
}

/// A message that does not end, of these octets again and again.
fn endless(unit: &[u8]) -> Vec<u8> {
    let payload = unit.repeat(LEN / unit.len());
    let mut wire = frame(false, true, Opcode::Binary, unit);
    for piece in payload.chunks(4000 / unit.len() * unit.len()) {
        wire.extend(frame(false, false, Opcode::Continuation, piece));
    }
    wire
}

fn repeat(frame: &[u8]) -> Vec<u8> {
    frame.repeat(LEN / frame.len())
}

const LEN: usize = 1 << 20;

/// What takes work, of little wire. Of four fixed blocks that say a; of those that bring their codes.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let zeros = vec![0; 16 << 20];
    let mut bomb = compressed(9, 15, &zeros, &[zeros.len()]);
    bomb.truncate(bomb.len() - 4);
    let one = |fin, opcode| repeat(&frame(fin, false, opcode, b"1"));
    vec![
        ("a bomb", frame(true, true, Opcode::Binary, &bomb).repeat(4)),
        ("fixed blocks", endless(b"\x4a\x04\x00\0\0\xff\xff")),
        ("final blocks", endless(b"\x4b\x04\x00")),
        ("blocks with codes", endless(DYNAMIC)),
        (
            "one character",
            repeat(&frame(true, true, Opcode::Binary, b"\x4a\x04\x00")),
        ),
        (
            "nothing",
            repeat(&frame(true, true, Opcode::Binary, b"\x00")),
        ),
        ("pings", one(true, Opcode::Ping)),
        ("pongs", one(true, Opcode::Pong)),
        (
            "empty messages",
            repeat(&frame(true, false, Opcode::Binary, b"")),
        ),
        ("one octet", one(true, Opcode::Binary)),
        (
            "fragments",
            [
                frame(false, false, Opcode::Binary, b"1"),
                one(false, Opcode::Continuation),
            ]
            .concat(),
        ),
        (
            "empty fragments",
            [
                frame(false, false, Opcode::Binary, b"1"),
                repeat(&frame(false, false, Opcode::Continuation, b"")),
            ]
            .concat(),
        ),
    ]
}

/// A final block of one octet, 0xff, that brings its codes, RFC 1951 §3.2.7.
const DYNAMIC: &[u8] = b"\x05\xc0\x81\x00\x00\x00\x00\x00\x90\xff\x6a\x08";

/// Polls again and again, as who is ready does, up to the end of what there is: no turn is above the bound, and all
/// but the last are asked for by themselves.
fn turns<S>(
    name: &str,
    lone: &mut Lone<S>,
    spent: fn(&S) -> usize,
    mut poll: impl FnMut(&mut Lone<S>) -> Poll<bool>,
) {
    let (mut turn, mut turns) = (0, 0);
    loop {
        let before = spent(&lone.it);
        let polled = poll(lone);
        turn += spent(&lone.it) - before;
        assert!(turn <= BOUND, "{name}: {turn}");
        match polled {
            Poll::Ready(true) => {}
            Poll::Pending if lone.task.is_woken() => (turn, turns) = (0, turns + 1),
            Poll::Pending | Poll::Ready(false) => break,
        }
    }
    let all = spent(&lone.it);
    assert!(
        turns >= all / BOUND && all > BOUND,
        "{name}: {turns} turns for {all}"
    );
}

type Stories = Lone<Stream<Pipe, Sleeper>>;

fn stream_of(wire: &[u8]) -> Stories {
    let lone = Lone::with(Role::Client, true, |near, sleeper| {
        compressed_stream(
            near,
            sleeper,
            Role::Client,
            Encoding::Binary,
            ConnectionConfig::new(),
        )
    });
    lone.input.get().feed(wire);
    lone
}

fn stream_spent(stream: &Stream<Pipe, Sleeper>) -> usize {
    stream.connection().work_spent()
}

fn websocket_spent(websocket: &WebSocket<Pipe, Sleeper>) -> usize {
    websocket.connection().work_spent()
}

#[test]
fn a_reader_gives_the_thread_back() {
    for (name, wire) in kinds() {
        for room in [1 << 16, 1 << 10] {
            let mut out = vec![0; room];
            turns(name, &mut stream_of(&wire), stream_spent, |lone| {
                let read = lone.it.poll_read(&lone.task.cx(), &mut out);
                lone.output.get().take();
                read.map(|count| count.is_ok_and(|count| count > 0))
            });
        }
    }
}

#[test]
fn a_reader_of_messages_gives_the_thread_back() {
    for (name, wire) in kinds() {
        let mut lone = Lone::with(Role::Client, true, |near, sleeper| {
            compressed_websocket(near, sleeper, Role::Client, ConnectionConfig::new())
        });
        lone.input.get().feed(&wire);
        turns(name, &mut lone, websocket_spent, |lone| {
            let received = lone.it.poll_recv(&lone.task.cx());
            lone.output.get().take();
            received.map(|message| message.is_ok_and(|message| message.is_some()))
        });
    }
}

#[test]
fn a_relay_gives_the_thread_back() {
    for (name, wire) in kinds() {
        for polls in 1..4 {
            let mut lone = stream_of(&wire);
            let clock = Clock::default();
            let (near, far) = Pipe::pair(true);
            let mut plain = SocketEnd::new(near, clock.sleeper());
            {
                let relay = Relay::new(&mut lone.it, &mut plain, clock.sleeper());
                let mut relay = core::pin::pin!(relay);
                for _ in 0..polls {
                    assert!(relay.as_mut().poll(&mut lone.task.cx()).is_pending());
                    assert!(lone.task.is_woken());
                    far.input.get().take();
                }
            }
            // Reading is one turn, looking for pings is another, before it waits and when it drives.
            let spent = stream_spent(&lone.it);
            assert!(spent <= (3 * polls + 1) * BOUND, "{name}: {spent}");
        }
    }
}

/// While nobody reads, and while what comes is discarded: one poll is one turn.
#[test]
fn other_polls_are_bounded_each() {
    type Op = fn(&mut Stories);
    let ops: [(&str, Op); 4] = [
        ("write", |lone| drop(lone.write(b"x"))),
        ("flush", |lone| drop(lone.flush())),
        ("drive", |lone| lone.drive()),
        ("close", |lone| drop(lone.close(1000))),
    ];
    for (kind, wire) in kinds() {
        for (name, op) in ops {
            let mut lone = stream_of(&wire);
            for _ in 0..50 {
                let before = stream_spent(&lone.it);
                op(&mut lone);
                lone.output.get().take();
                let spent = stream_spent(&lone.it) - before;
                assert!(spent <= BOUND, "{name}, {kind}: {spent}");
            }
        }
    }
}
