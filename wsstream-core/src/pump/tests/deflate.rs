//! Contract 3, 4 and 5 with compression: what is inflated is bounded, in memory and in time, and nothing
//! of how a stream ends or is cancelled changes.

use alloc::vec;
use alloc::vec::Vec;
use core::task::Poll;

use super::support::*;
use crate::deflate::tests::{compressed, sample};
use crate::pump::{Relay, SocketEnd, Stream};
use crate::test_kit::{Pipe, Sleeper};
use crate::{ConnectionConfig, Encoding, Header, Opcode, PerMessageDeflate, Role, StreamError};

type Stories = Lone<Stream<Pipe, Sleeper>>;

fn lone(role: Role) -> Stories {
    Lone::with(role, true, |near, sleeper| {
        compressed_stream(
            near,
            sleeper,
            role,
            Encoding::Binary,
            ConnectionConfig::new(),
        )
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
            let (near, _far) = Pipe::pair(true);
            let mut plain = SocketEnd::new(near, lone.clock.sleeper());
            let mut relay =
                core::pin::pin!(Relay::new(&mut lone.it, &mut plain, lone.clock.sleeper()));
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
        let mut lone = Lone::with(Role::Client, true, |near, sleeper| {
            compressed_websocket(near, sleeper, Role::Client, ConnectionConfig::new())
        });
        lone.output.get().capacity = capacity;
        lone.it.start_send(octets(200_000)).unwrap();
        lone.input.get().feed(&bomb);
        assert!(
            lone.it
                .poll_close_with(&lone.task.cx(), &close(1000))
                .is_pending()
        );
        assert!(lone.task.is_woken());
        let inflated = lone.it.connection().counters().inflated;
        assert!(inflated <= INFLATED, "a socket's close: {inflated}");
    }
}

/// What is discarded is not inflated, whether it began before or comes later.
#[test]
fn close_discards_a_bomb_without_inflating_it() {
    let mut lone = lone(Role::Client);
    let bomb = bomb();
    lone.input.get().feed(&bomb[..1000]);
    assert!(ready(lone.read(10)).is_ok());
    let inflated = lone.it.connection().counters().inflated;
    lone.input.get().feed(&bomb[1000..]);
    lone.input.get().feed(&bomb);
    lone.feed_close(1000);
    while lone.it.connection().received_close().is_none() {
        assert!(lone.close(1000).is_pending());
    }
    assert_eq!(lone.it.connection().counters().inflated, inflated);
    lone.eof();
    assert!(ready(lone.close(1000)).is_ok());
}

/// What is in a message, and compressed.
fn text() -> Vec<u8> {
    sample(30_000)
}

/// Until it waits for the peer, and not just for its next turn.
fn read_to_pending(lone: &mut Stories) -> Vec<u8> {
    let mut read = Vec::new();
    loop {
        match lone.read(999) {
            Poll::Ready(octets) => read.extend(octets.unwrap()),
            Poll::Pending if lone.task.is_woken() => {}
            Poll::Pending => return read,
        }
    }
}

/// Whatever is polled while nobody reads: before the data, inside it, and behind it.
#[test]
fn pings_behind_compressed_data_are_answered_and_the_data_stays() {
    let polls: [fn(&mut Stories); 3] = [
        |lone| assert!(lone.write(b"x").is_ready()),
        |lone| assert!(lone.flush().is_ready()),
        |lone| lone.drive(),
    ];
    for poll in polls {
        for begun in [0, 1, 5000] {
            let mut lone = lone(Role::Client);
            lone.input.get().feed(&message(&text()));
            let mut read = Vec::new();
            while read.len() < begun {
                read.extend(ready(lone.read(begun.min(100))).unwrap());
            }
            lone.feed(Opcode::Ping, b"one");
            lone.input
                .get()
                .feed(&fragment(Opcode::Binary, false, b"\xf2\x48\xcd"));
            lone.feed(Opcode::Ping, b"two");
            lone.input
                .get()
                .feed(&fragment(Opcode::Continuation, true, b"\xc9\xc9\x07\x00"));
            poll(&mut lone);
            let sent = lone.sent().into_iter();
            let pongs = sent.filter(|(opcode, _)| *opcode == Opcode::Pong);
            assert!(pongs.eq([
                (Opcode::Pong, b"one".to_vec()),
                (Opcode::Pong, b"two".to_vec())
            ]));
            read.extend(read_to_pending(&mut lone));
            assert!(read == [text(), b"Hello".to_vec()].concat(), "{begun}");
        }
    }
}

/// What came before it is delivered, and it is no end.
#[test]
fn a_close_inside_a_compressed_message_is_no_end() {
    for cut in [1, 100, 1000] {
        let whole = message(&text());
        let payload = &whole[4..];
        let mut lone = lone(Role::Client);
        lone.input
            .get()
            .feed(&fragment(Opcode::Binary, false, &payload[..cut]));
        lone.feed_close(1000);
        let mut read = Vec::new();
        let error = loop {
            match ready(lone.read(77)) {
                Ok(octets) => read.extend(octets),
                Err(error) => break error,
            }
        };
        assert!(text().starts_with(&read) && (cut == 1 || !read.is_empty()));
        let error = error.into_inner().unwrap();
        assert_eq!(error.downcast_ref(), Some(&StreamError::Unfinished));
        // It is answered at once, as what follows is lost.
        assert_eq!(lone.sent(), [(Opcode::Close, close_payload(1000))]);
    }
}

/// And behind one that nobody has read yet, it is.
#[test]
fn half_close_behind_compressed_data() {
    let mut lone = lone(Role::Client);
    lone.input.get().feed(&message(&text()));
    lone.feed_close(1000);
    lone.drive();
    assert!(lone.it.connection().received_close().is_none());
    let mut read = Vec::new();
    while read.len() < text().len() {
        read.extend(ready(lone.read(1000)).unwrap());
    }
    assert!(read == text());
    assert_eq!(ready(lone.read(1)).unwrap(), b"");
    // The reply, compressed as well.
    let mut rest = &text()[..];
    while !rest.is_empty() {
        rest = &rest[ready(lone.write(rest)).unwrap()..];
    }
    assert!(ready(lone.shutdown()).is_ok());
    let (frames, sent) = (lone.sent(), lone.it.connection().counters());
    assert_eq!(frames.last(), Some(&(Opcode::Close, close_payload(1000))));
    assert!(
        sent.messages_deflated > 0 && sent.payload_sent < 20_000,
        "{sent:?}"
    );
}

/// Between messages what was not read can go on elsewhere, unless something is referred to.
#[test]
fn into_inner_gives_what_was_not_taken() {
    let mut lone = lone(Role::Client);
    let wire = message(b"hello, hello, hello");
    lone.input.get().feed(&wire.repeat(2));
    assert_eq!(ready(lone.read(19)).unwrap(), b"hello, hello, hello");
    let Lone { it, .. } = lone;
    let (_, unread) = it.into_inner();
    assert!(unread.ends_with(&wire), "{unread:x?}");
    assert!(unread.len() <= wire.len() + 2);
}

/// Frames are no longer than they were set to be, and none is empty.
#[test]
fn auto_fragmentation_counts_compressed_octets() {
    for encoding in [Encoding::Binary, Encoding::Base64] {
        for len in [1, 2, 7, 100, 1000] {
            let config = ConnectionConfig::new().auto_fragment(len);
            let mut lone = Lone::with(Role::Server, true, |near, sleeper| {
                compressed_stream(near, sleeper, Role::Server, encoding, config)
            });
            let text = text();
            for piece in [&text[..500], &text[500..1500], &text[1500..9000]] {
                let mut rest = piece;
                while !rest.is_empty() {
                    rest = &rest[ready(lone.write(rest)).unwrap()..];
                }
            }
            let sent = lone.sent();
            assert!(
                sent.iter()
                    .all(|(_, payload)| (1..=len).contains(&payload.len()))
            );
            let counters = lone.it.connection().counters();
            assert_eq!(counters.messages_plain, 0, "{len}");
            let total: usize = sent.iter().map(|(_, payload)| payload.len()).sum();
            assert_eq!(total as u64, counters.payload_sent);
            assert!(total < 6000, "{total}");
        }
    }
}

/// A write that waits has written nothing, and nothing was compressed for it: the peer would miss what is
/// referred to.
#[test]
fn writes_that_are_dropped_leave_no_trace() {
    let mut lone = lone(Role::Server);
    lone.output.get().capacity = 100;
    let (text, mut written, mut wire) = (sample(400_000), 0, Vec::new());
    let mut waited = 0;
    while written < text.len() {
        // Whoever comes back writes something of another length.
        let len = (text.len() - written).min([70_000, 400, 3000, 999][waited % 4]);
        match lone.write(&text[written..written + len]) {
            Poll::Ready(count) => written += count.unwrap(),
            Poll::Pending => {
                waited += 1;
                wire.extend(lone.output.get().take_up_to(100));
            }
        }
    }
    assert!(waited > 100);
    lone.output.get().unblock(usize::MAX);
    assert!(ready(lone.flush()).is_ok());
    wire.extend(lone.output.get().take());
    assert!(
        wire.len() < 300_000,
        "{} {:?}",
        wire.len(),
        lone.it.connection().counters()
    );
    let mut peer = super::deflate::lone(Role::Client);
    peer.input.get().feed(&wire);
    assert!(read_to_pending(&mut peer) == text);
}

/// Without context takeover nothing is held between messages, and with it nothing before the first.
#[test]
fn codecs_are_taken_on_first_use_and_given_back() {
    for keeps in [false, true] {
        let agreed = PerMessageDeflate {
            server_no_context_takeover: !keeps,
            client_no_context_takeover: !keeps,
            ..PerMessageDeflate::default()
        };
        let mut lone = lone(Role::Client);
        lone.it.inner.pump.connection =
            compressed_connection(Role::Client, ConnectionConfig::new(), &agreed);
        let held = |lone: &Stories| {
            let codec = lone.it.connection().codec().unwrap();
            (
                codec.sending.compressor.is_some(),
                codec.receiving.decompressor.is_some(),
            )
        };
        assert_eq!(held(&lone), (false, false));
        let mut rest = &text()[..];
        while !rest.is_empty() {
            rest = &rest[ready(lone.write(rest)).unwrap()..];
        }
        lone.input.get().feed(&message(&text()));
        assert!(read_to_pending(&mut lone) == text());
        assert_eq!(held(&lone), (keeps, keeps));
    }
}
