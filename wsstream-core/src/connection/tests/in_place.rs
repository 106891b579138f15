//! Payload that goes straight into the reader's buffer.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::support::*;
use crate::connection::{Connection, Event};
use crate::role::Role::{Client, Server};
use crate::{ByteStream, ConnectionConfig, Encoding};

/// Reads `wire` as a byte stream: through a buffer of `buffer` octets, and past it where that is
/// possible and there is `room`.
fn read(connection: &mut Connection, mut wire: &[u8], buffer: usize, room: usize) -> Vec<u8> {
    let (mut stream, mut all) = (ByteStream::new(Encoding::Binary), Vec::new());
    let mut out = vec![0; room];
    while !wire.is_empty() {
        let certain = stream.in_place(connection).min(room).min(wire.len());
        if certain > 0 {
            out[..certain].copy_from_slice(&wire[..certain]);
            connection.recv_in_place(&mut out[..certain]);
            all.extend_from_slice(&out[..certain]);
            wire = &wire[certain..];
            continue;
        }
        let (front, rest) = wire.split_at(buffer.min(wire.len()));
        let mut front = front.to_vec();
        let mut input = &mut front[..];
        wire = rest;
        loop {
            let count = stream.read(connection, &mut input, &mut out);
            all.extend_from_slice(&out[..count]);
            if count == 0 {
                break;
            }
        }
    }
    all
}

#[test]
fn nothing_is_certain_but_inside_a_data_frame() {
    let mut connection = connection(Client, ConnectionConfig::new());
    assert_eq!(connection.in_place(), 0);
    // 2^63 - 2 octets, or as many as can be counted.
    let all_but_one = usize::try_from(u64::MAX >> 1).map_or(usize::MAX, |len| len - 1);
    for (octets, certain) in [
        (&b"\x82"[..], 0),
        (b"\x05", 4),
        (b"a", 3),
        (b"bcd", 0),
        (b"e", 0),
        (b"\x89\x03", 0),
        (b"xyz", 0),
        (b"\x82\x01", 0),
        (b"z", 0),
        (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", all_but_one),
    ] {
        recv(&mut connection, octets, &mut Vec::new());
        assert_eq!(connection.in_place(), certain, "{octets:?}");
    }
    connection.fail(crate::ProtocolError::InvalidUtf8);
    assert_eq!(connection.in_place(), 0);
}

#[test]
fn the_last_octet_ends_the_message_through_the_usual_way() {
    let mut connection = connection(Server, ConnectionConfig::new());
    let mut wire = frame(Client, 0x82, b"Hello");
    recv(&mut connection, &wire[..6], &mut Vec::new());
    connection.recv_in_place(&mut wire[6..10]);
    assert_eq!(&wire[6..10], b"Hell");
    let mut last = &mut wire[10..];
    let Ok(Some(Event::Data {
        payload, end: true, ..
    })) = connection.recv(&mut last)
    else {
        panic!("the message ends");
    };
    assert_eq!(payload.unmask(), b"o");
    assert_eq!(connection.counters().payload_received, 5);
    assert_eq!(connection.counters().received, 11);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_received_in_place_is_what_is_received(
        frames in prop::collection::vec(
            (prop::sample::select(vec![0x82u8, 0x89]), prop::collection::vec(any::<u8>(), 0..125)), 0..12,
        ),
        role in prop::sample::select(&ROLES[..]), buffer in 1..60usize, room in 1..60usize,
    ) {
        let wire: Vec<u8> = frames.iter()
            .flat_map(|(first, payload)| frame(other(role), *first, payload)).collect();
        let (mut one, mut two) = (connection(role, ConnectionConfig::new()), connection(role, ConnectionConfig::new()));
        let mut seen = Vec::new();
        recv(&mut one, &wire, &mut seen);
        prop_assert_eq!(read(&mut two, &wire, buffer, room), data(&seen));
        prop_assert_eq!(one.counters(), two.counters());
        prop_assert_eq!(sent(&mut one), sent(&mut two));
    }
}
