//! Compressed messages against zlib's own rules: what we send is inflated by zlib-rs with no larger a window
//! than was agreed on, and what it sends, at every level and with every window, is inflated by us.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use zlib_rs::{Deflate as ZlibDeflate, DeflateFlush, Inflate, InflateFlush, Status};

use super::deflate::{agreement, pair, received};
use crate::deflate::tests::{noise, sample};
use crate::{DataKind, Decoder, Deflate, Header, Opcode, Role};

/// One direction, as zlib does it.
struct Zlib {
    inflate: Inflate,
    keeps_context: bool,
}

impl Zlib {
    /// What a message means, RFC 7692 §7.2.2. In little pieces, so that it has nothing but its window to
    /// refer to.
    fn inflate(&mut self, payload: &[u8]) -> Vec<u8> {
        let deflated = [payload, b"\0\0\xff\xff"].concat();
        let (mut rest, mut inflated, mut room) = (&deflated[..], Vec::new(), [0; 32]);
        loop {
            let before = (self.inflate.total_in(), self.inflate.total_out());
            let status = self
                .inflate
                .decompress(rest, &mut room, InflateFlush::SyncFlush);
            assert!(
                matches!(status, Ok(Status::Ok | Status::BufError)),
                "{status:?}"
            );
            let made = octets(self.inflate.total_out() - before.1);
            rest = &rest[octets(self.inflate.total_in() - before.0)..];
            inflated.extend_from_slice(&room[..made]);
            if made < room.len() {
                assert!(rest.is_empty());
                break;
            }
        }
        if !self.keeps_context {
            self.inflate.reset(false);
        }
        inflated
    }
}

fn octets(count: u64) -> usize {
    usize::try_from(count).unwrap()
}

/// A message as zlib sends it.
fn deflated(zlib: &mut ZlibDeflate, data: &[u8], flush: DeflateFlush) -> Vec<u8> {
    let mut room = vec![0; 2 * data.len() + 1000];
    let before = zlib.total_out();
    let status = zlib.compress(data, &mut room, flush).unwrap();
    room.truncate(octets(zlib.total_out() - before));
    if status == Status::StreamEnd {
        // §7.2.3.4.
        room.push(0);
        zlib.reset();
    } else {
        let len = room.strip_suffix(b"\0\0\xff\xff").unwrap().len();
        room.truncate(len);
    }
    room
}

/// The messages in an outbox, and whether they are compressed.
fn messages(wire: &[u8]) -> Vec<(bool, Vec<u8>)> {
    let mut wire = wire.to_vec();
    let (mut input, mut decoder) = (&mut wire[..], Decoder::new());
    let mut messages: Vec<(bool, Vec<u8>)> = Vec::new();
    while let Some(chunk) = decoder.decode(&mut input).unwrap() {
        if chunk.first && chunk.header.opcode != Opcode::Continuation {
            messages.push((chunk.header.rsv1, Vec::new()));
        }
        let last = messages.last_mut().unwrap();
        last.1.extend_from_slice(chunk.payload.unmask());
    }
    messages
}

/// Something that a stream may carry, from anywhere in a long sample.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![1..300usize, 1..70_000usize];
    (0..4u8, len, 0..60_000usize).prop_map(|(of, len, from)| match of {
        0 => noise(len),
        _ => sample(from + len).split_off(from),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn zlib_inflates_what_we_send(
        agreed in agreement(), level in 1..=9u8, role in prop_oneof![Just(Role::Client), Just(Role::Server)],
        frame in prop_oneof![Just(0usize), 1..2000usize], all in proptest::collection::vec(data(), 1..8),
    ) {
        let [client, server] = pair(Deflate::new().level(level), &agreed, frame);
        let (mut from, bits, forgets) = match role {
            Role::Client => (client, agreed.client_max_window_bits(), agreed.client_no_context_takeover()),
            Role::Server => (server, agreed.server_max_window_bits(), agreed.server_no_context_takeover()),
        };
        let mut zlib = Zlib { inflate: Inflate::new(false, bits), keeps_context: !forgets };
        let mut shrunk = 0;
        for data in &all {
            let mut rest = &data[..];
            while !rest.is_empty() {
                let count = from.send(DataKind::Binary, &rest[..rest.len().min(from.room())], true).unwrap();
                let wire = from.outbox().octets().to_vec();
                from.outbox().consume(usize::MAX);
                for (compressed, payload) in messages(&wire) {
                    shrunk += u64::from(compressed);
                    let inflated = if compressed { zlib.inflate(&payload) } else { payload };
                    prop_assert!(inflated == rest[..count], "{agreed:?}");
                }
                rest = &rest[count..];
            }
        }
        prop_assert_eq!(shrunk, from.counters().messages_deflated);
    }

    #[test]
    fn we_inflate_what_zlib_sends(
        level in 0..=9i32, bits in 9..=15u8, forgets: bool, to in prop_oneof![Just(Role::Client), Just(Role::Server)],
        all in proptest::collection::vec((data(), 0..6u8), 1..8), cut in 1..5000usize, max in 1..70_000usize,
        frame in 1..80_000usize,
    ) {
        let mut zlib = ZlibDeflate::new(level, false, bits);
        let mut wire = Vec::new();
        for (data, flush) in &all {
            let flush = match flush {
                0 => DeflateFlush::FullFlush,
                1 => DeflateFlush::Finish,
                _ => DeflateFlush::SyncFlush,
            };
            let payload = deflated(&mut zlib, data, flush);
            if forgets {
                zlib.reset();
            }
            let frames = payload.chunks(frame).count();
            for (number, piece) in payload.chunks(frame).enumerate() {
                let opcode = if number == 0 { Opcode::Binary } else { Opcode::Continuation };
                wire.extend_from_slice(&Header {
                    fin: number + 1 == frames,
                    rsv1: number == 0,
                    mask: (to == Role::Server).then_some([0; 4]),
                    ..Header::new(opcode, piece.len() as u64)
                }.encode());
                wire.extend_from_slice(piece);
            }
        }
        let agreed = crate::PerMessageDeflate {
            server_no_context_takeover: forgets,
            client_no_context_takeover: forgets,
            ..Default::default()
        };
        let [mut client, mut server] = pair(Deflate::new(), &agreed, 0);
        let us = if to == Role::Client { &mut client } else { &mut server };
        let (messages, rest, error) = received(us, &wire, cut, max);
        prop_assert_eq!(error, None);
        prop_assert!(rest.is_empty());
        let sent: Vec<_> = all.into_iter().map(|(data, _)| data).collect();
        prop_assert!(messages == sent);
        prop_assert_eq!(us.counters().messages_inflated, sent.len() as u64);
    }
}
