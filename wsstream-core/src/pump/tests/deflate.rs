//! Contract 3, 4 and 5 with compression: what is inflated is bounded, in memory and in time, and nothing
//! of how a stream ends or is cancelled changes.

use alloc::vec;
use alloc::vec::Vec;

use super::support::*;
use crate::deflate::tests::compressed;
use crate::pump::{Plain, Relay, Stream};
use crate::test_kit::{Clock, Pipe};
use crate::{Config, Encoding, Header, Opcode, Role};

type Stories = Lone<Stream<Pipe>>;

fn lone(role: Role) -> Stories {
    Lone::with(role, true, |near| {
        compressed_stream(near, role, Encoding::Binary, Config::new())
    })
}

/// A frame, not masked, of a compressed message or what follows it.
fn fragment(opcode: Opcode, fin: bool, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        fin,
        rsv1: opcode == Opcode::Binary,
        ..Header::new(opcode, payload.len() as u64)
    };
    [&header.encode(), payload].concat()
}

/// A server's message that is `data`, compressed, in one frame.
fn message(data: &[u8]) -> Vec<u8> {
    let mut payload = compressed(9, 15, data, &[data.len()]);
    payload.truncate(payload.len() - 4);
    fragment(Opcode::Binary, true, &payload)
}

/// 64 MiB of zeros, in less than a receive buffer.
fn bomb() -> Vec<u8> {
    message(&vec![0; 16 << 20]).repeat(BOMB >> 24)
}

const BOMB: usize = 64 << 20;

/// What one poll may inflate: much less, and it is the same however much there is.
const INFLATED: u64 = 4 << 20;

#[test]
fn one_poll_inflates_a_bounded_part_of_a_bomb() {
    type Op = fn(&mut Stories);
    let ops: [(&str, Op); 6] = [
        ("read", |lone| assert!(lone.read(1 << 16).is_ready())),
        ("write", |lone| assert!(lone.write(b"x").is_ready())),
        ("flush", |lone| assert!(lone.flush().is_ready())),
        ("drive", |lone| lone.drive()),
        ("close", |lone| assert!(lone.close(1000).is_pending())),
        ("relay", |lone| {
            let (near, _far) = Pipe::pair(&Clock::default(), true);
            let mut plain = Plain(near);
            let mut relay = core::pin::pin!(Relay::new(&mut lone.it, &mut plain));
            assert!(relay.as_mut().poll(&mut lone.task.cx()).is_pending());
        }),
    ];
    let bomb = bomb();
    assert!(bomb.len() < 70_000);
    for (name, op) in ops {
        let mut lone = lone(Role::Client);
        lone.input.get().feed(&bomb);
        op(&mut lone);
        let inflated = lone.it.connection().counters().inflated;
        assert!(inflated <= INFLATED, "{name}: {inflated}");
    }
    // Of whole messages, with one of ours on its way, and without.
    for capacity in [0, 1 << 20] {
        let mut lone = Lone::with(Role::Client, true, |near| {
            compressed_socket(near, Role::Client, Config::new())
        });
        lone.output.get().capacity = capacity;
        lone.it
            .start_send(crate::Message::Binary(octets(200_000).into()));
        lone.input.get().feed(&bomb);
        assert!(
            lone.it
                .poll_close(&lone.task.cx(), &close(1000))
                .is_pending()
        );
        assert!(lone.task.is_woken());
        let inflated = lone.it.connection().counters().inflated;
        assert!(inflated <= INFLATED, "a socket's close: {inflated}");
    }
}

/// It is discarded in turns, each of which is asked for, up to the peer's Close.
#[test]
fn close_discards_a_bomb_to_its_end() {
    let mut lone = lone(Role::Client);
    lone.input.get().feed(&bomb());
    lone.feed_close(1000);
    let mut turns = 0;
    while lone.it.connection().received_close().is_none() {
        assert!(turns == 0 || lone.task.is_woken());
        assert!(lone.close(1000).is_pending());
        turns += 1;
    }
    assert!(turns >= BOMB as u64 / INFLATED, "{turns}");
    assert_eq!(lone.it.connection().counters().inflated, BOMB as u64);
    lone.eof();
    assert!(ready(lone.close(1000)).is_ok());
}
