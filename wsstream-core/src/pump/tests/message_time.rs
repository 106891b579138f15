//! The limit of time for a whole message, whatever the peer sends and the application does meanwhile: RFC 6455 §10.4.

use alloc::vec::Vec;
use core::task::Poll;

use super::support::*;
use crate::pump::WebSocket;
use crate::test_kit::{Pipe, Sleeper};
use crate::{ConnectionConfig, Header, Opcode, ProtocolError, Role, StreamError};

const LIMIT: u64 = 60;

type Story = Lone<WebSocket<Pipe, Sleeper>>;

/// A frame of a client's that ends no message.
fn piece(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        fin: false,
        mask: Some([0; 4]),
        ..Header::new(opcode, payload.len() as u64)
    };
    [&header.encode(), payload].concat()
}

fn is_too_slow(lone: &Story) -> bool {
    let error = ProtocolError::MessageTooSlow(secs(LIMIT));
    lone.it.connection().ending() == Some(Err(StreamError::Protocol(error)))
}

/// A message has begun, and `step` is done every so many seconds: when it is too late, if ever.
fn too_slow(every: u64, mut step: impl FnMut(&mut Story)) -> Option<u64> {
    let config = ConnectionConfig::new().message_timeout(secs(LIMIT));
    let mut lone = Lone::websocket(Role::Server, config.max_message(1 << 30));
    lone.input.get().feed(&piece(Opcode::Binary, b"x"));
    assert!(lone.it.poll_recv(&lone.task.cx()).is_pending());
    (1..=1000).map(|count| count * every).find(|_| {
        lone.clock.advance(secs(every));
        step(&mut lone);
        lone.output.get().take();
        is_too_slow(&lone)
    })
}

fn recv(lone: &mut Story) {
    if let Poll::Ready(result) = lone.it.poll_recv(&lone.task.cx()) {
        assert!(is_too_slow(lone), "{result:?}");
    }
}

#[test]
fn whatever_comes_and_is_done_the_limit_is_kept() {
    let more = piece(Opcode::Continuation, b"x");
    let ping = frame(Role::Client, Opcode::Ping, b"");
    type Do = fn(&mut Story);
    let write: Do = |lone| drop(lone.it.poll_ready(&lone.task.cx()));
    let flush: Do = |lone| drop(lone.it.poll_flush(&lone.task.cx()));
    let nothing: Do = |_| {};
    for octets in [&more[..], &ping, &more[..3], &[]] {
        for (name, before) in [("write", write), ("flush", flush), ("nothing", nothing)] {
            for every in [1, 7, 50] {
                let mut fed = false;
                let end = too_slow(every, |lone| {
                    // Half a header stays one.
                    if octets.len() != 3 || !core::mem::replace(&mut fed, true) {
                        lone.input.get().feed(octets);
                    }
                    before(lone);
                    recv(lone);
                });
                let expected = LIMIT.next_multiple_of(every);
                assert_eq!(end, Some(expected), "{name} every {every} s: {octets:?}");
            }
        }
    }
}

/// The reader waits in a task of its own, and is polled when it is woken; another one sends.
#[test]
fn while_another_task_sends_the_limit_is_kept() {
    let ping = frame(Role::Client, Opcode::Ping, b"");
    let more = piece(Opcode::Continuation, b"x");
    for octets in [ping, more] {
        let (reader, mut second) = (Task::new(), 0);
        let end = too_slow(1, |lone| {
            second += 1;
            if second == 1 {
                assert!(lone.it.poll_recv(&reader.cx()).is_pending());
            }
            if second % 25 == 0 {
                lone.input.get().feed(&octets);
            }
            let _ = lone.it.poll_ready(&lone.task.cx());
            if reader.is_woken() {
                let _ = lone.it.poll_recv(&reader.cx());
            }
        });
        assert_eq!(end, Some(LIMIT));
    }
}

/// The socket always has more.
#[test]
fn in_a_flood_the_limit_is_kept() {
    for payload in [&b""[..], &[0; 10]] {
        let flood = piece(Opcode::Continuation, payload).repeat(20_000);
        let end = too_slow(1, |lone| {
            if lone.input.get().octets.len() < flood.len() {
                lone.input.get().feed(&flood);
            }
            recv(lone);
            assert!(!lone.input.get().octets.is_empty());
        });
        // The socket is asked once more before the time is up.
        assert!(matches!(end, Some(60 | 61)), "{end:?}");
    }
}

/// What waits for an application that only writes is not late; afterwards the peer has the time that was left.
#[test]
fn while_nobody_reads_the_time_stands_still() {
    let (mut second, more) = (0, piece(Opcode::Continuation, b"x"));
    let end = too_slow(1, |lone| {
        second += 1;
        if second == 20 {
            lone.input.get().feed(&more);
        }
        if (20..500).contains(&second) {
            let _ = lone.it.poll_flush(&lone.task.cx());
        } else {
            recv(lone);
        }
    });
    assert_eq!(end, Some(500 + LIMIT - 20));
}
