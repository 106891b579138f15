//! Pings found behind data that nobody reads.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use proptest::prelude::*;

use super::support::*;
use crate::connection::{Connection, LookAhead};
use crate::role::Role;
use crate::role::Role::{Client, Server};
use crate::{ConnectionConfig, DataKind, Keepalive, ProtocolError, Timestamp};

/// A connection, what is not read yet, and the search in it.
struct Reader {
    connection: Connection,
    ahead: LookAhead,
    unread: Vec<u8>,
    seen: Vec<Seen>,
}

impl Reader {
    fn new(role: Role) -> Self {
        Self {
            connection: connection(role, ConnectionConfig::new()),
            ahead: LookAhead::new(),
            unread: Vec::new(),
            seen: Vec::new(),
        }
    }

    fn arrive(&mut self, octets: &[u8]) {
        self.unread.extend_from_slice(octets);
    }

    fn scan(&mut self) {
        let kept = self
            .ahead
            .answer_pings(&mut self.connection, &mut self.unread);
        self.unread.truncate(kept);
    }

    /// Reads the front of what is unread.
    fn read(&mut self, count: usize) {
        let count = count.min(self.unread.len());
        let front: Vec<u8> = self.unread.drain(..count).collect();
        recv(&mut self.connection, &front, &mut self.seen);
        self.ahead.consumed(count);
    }
}

fn pongs(connection: &mut Connection) -> Vec<Vec<u8>> {
    let frames = sent(connection).into_iter();
    frames
        .filter(|(first, _)| *first == 0x8a)
        .map(|(_, payload)| payload)
        .collect()
}

/// Data with pings before, between and behind it.
fn wire(from: Role) -> Vec<u8> {
    let parts: &[(u8, &[u8])] = &[
        (0x89, b"1"),
        (0x01, b"Hel"),
        (0x89, b""),
        (0x89, b"333"),
        (0x80, b"lo"),
        (0x8a, b"unasked"),
        (0x82, &[b'x'; 130]),
        (0x89, b"4"),
    ];
    parts
        .iter()
        .flat_map(|(first, payload)| frame(from, *first, payload))
        .collect()
}

#[test]
fn pings_behind_data_are_answered_and_taken_out_and_data_is_not_touched() {
    for role in ROLES {
        let mut reader = Reader::new(role);
        reader.arrive(&wire(other(role)));
        reader.scan();
        let data = [
            frame(other(role), 0x01, b"Hel"),
            frame(other(role), 0x80, b"lo"),
            frame(other(role), 0x82, &[b'x'; 130]),
        ];
        assert_eq!(reader.unread, data.concat());
        assert_eq!(
            pongs(&mut reader.connection),
            [&b"1"[..], b"", b"333", b"4"]
        );
        reader.read(usize::MAX);
        assert_eq!(
            reader.seen,
            [text("Hello", true), binary(&[b'x'; 130], true)]
        );
        let counters = reader.connection.counters();
        assert_eq!(counters.received, wire(other(role)).len() as u64);
        assert_eq!((counters.frames_received, counters.pings_received), (8, 4));
    }
}

#[test]
fn pings_and_data_are_found_at_every_cut_with_a_scan_after_each_piece() {
    for role in ROLES {
        at_every_cut(&wire(other(role)), |parts| {
            let mut reader = Reader::new(role);
            for part in parts {
                reader.arrive(part);
                reader.scan();
            }
            assert_eq!(pongs(&mut reader.connection).len(), 4);
            reader.read(usize::MAX);
            assert_eq!(
                reader.seen,
                [text("Hello", true), binary(&[b'x'; 130], true)]
            );
        });
    }
}

#[test]
fn a_search_goes_on_where_it_was_whatever_is_read_between() {
    let wire = wire(Client);
    for step in 1..40 {
        for read in [0, 1, 2, 5, step] {
            let mut reader = Reader::new(Server);
            for part in wire.chunks(step) {
                reader.arrive(part);
                reader.scan();
                reader.read(read);
            }
            reader.read(usize::MAX);
            reader.seen.retain(|seen| matches!(seen, Seen::Data(..)));
            let mut merged = Vec::new();
            reader
                .seen
                .into_iter()
                .for_each(|seen| push(&mut merged, seen));
            assert_eq!(merged, [text("Hello", true), binary(&[b'x'; 130], true)]);
            assert_eq!(pongs(&mut reader.connection).len(), 4, "{step}, {read}");
        }
    }
}

#[test]
fn the_search_stops_at_a_close_and_at_what_is_wrong() {
    for stop in [
        close_frame(Server, 1000),
        frame(Server, 0xc2, b"RSV1"),
        frame(Client, 0x82, b"masked"),
        frame(Server, 0xc9, b"RSV1"),
        frame(Client, 0x89, b"masked"),
        frame(Server, 0x83, b"opcode"),
        frame(Server, 0x80, b"continues nothing"),
        [
            frame(Server, 0x02, b""),
            frame(Server, 0x82, b"inside another"),
        ]
        .concat(),
    ] {
        let mut reader = Reader::new(Client);
        reader.connection = connection(Client, ConnectionConfig::new().half_close(false));
        let octets = [
            frame(Server, 0x82, b"a"),
            stop,
            frame(Server, 0x89, b"late"),
        ]
        .concat();
        reader.arrive(&octets);
        reader.scan();
        reader.scan();
        assert_eq!(reader.unread, octets);
        assert!(reader.connection.outbox().is_empty());
        assert_eq!(reader.connection.ending(), None);
        reader.read(usize::MAX);
        assert!(reader.connection.ending().is_some());
        // Then there is nothing to answer any more.
        reader.arrive(&frame(Server, 0x89, b""));
        reader.scan();
        assert_eq!(reader.unread, frame(Server, 0x89, b""));
    }
}

/// With nothing unread, a reader may take payload from the transport past the search.
#[test]
fn what_was_received_in_place_is_not_searched_for() {
    let mut reader = Reader::new(Client);
    reader.arrive(b"\x82\x7e\x01\x00");
    reader.read(usize::MAX);
    reader.scan();
    assert_eq!(reader.connection.in_place(), 255);
    reader.connection.recv_in_place(&mut [0; 255]);
    reader.arrive(&[&b"x"[..], &frame(Server, 0x89, b"found")].concat());
    reader.scan();
    assert_eq!(reader.unread, b"x");
    assert_eq!(pongs(&mut reader.connection), [b"found"]);
}

#[test]
fn a_ping_found_at_a_full_outbox_waits_and_only_the_newest() {
    let mut reader = Reader::new(Client);
    reader
        .connection
        .send(DataKind::Binary, &[0; 1 << 17], true)
        .unwrap();
    for number in 0..200u8 {
        reader.arrive(&frame(Server, 0x82, &[number]));
        reader.arrive(&frame(Server, 0x89, &[number]));
        reader.scan();
        assert!(reader.connection.outbox().len() <= Connection::OUTBOX_LEN);
    }
    assert_eq!(pongs(&mut reader.connection), [[199]]);
    reader.read(usize::MAX);
    assert_eq!(reader.connection.counters().frames_received, 400);
}

#[test]
fn half_a_frame_is_no_sign_of_life_each_time_it_is_looked_at() {
    let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(10))
        .unwrap()
        .unanswered(Duration::from_secs(10))
        .unwrap();
    for rest in [
        &b"\x82"[..],
        b"\x82\x7e\x00",
        b"\x89\x02a",
        b"\x88\x00",
        b"\x83",
        b"\x82\x05abc",
    ] {
        let mut reader = Reader::new(Client);
        reader.connection = connection(Client, ConnectionConfig::new().keepalive(keepalive));
        reader.arrive(&frame(Server, 0x82, b"unread"));
        reader.arrive(rest);
        for now in 0..=40 {
            reader.scan();
            reader
                .connection
                .poll_time(Timestamp::from_origin(Duration::from_secs(now)));
        }
        assert!(reader.connection.is_over(), "{rest:?}");
        reader.read(usize::MAX);
        assert_eq!(reader.seen[0], binary(b"unread", true), "{rest:?}");
    }
}

#[test]
fn a_flood_of_pings_is_taken_out_of_data() {
    // In one pass: moving the rest of the buffer for each would be 2 GiB.
    let mut reader = Reader::new(Client);
    let one = [
        frame(Server, 0x02, b""),
        frame(Server, 0x89, b"ping"),
        frame(Server, 0x80, b"x"),
    ];
    reader.arrive(&one.concat().repeat(20_000));
    reader.scan();
    assert_eq!(reader.unread.len(), 20_000 * 5);
    assert_eq!(reader.connection.counters().pings_received, 20_000);
}

#[derive(Clone, Debug)]
enum Op {
    Arrive(usize),
    Scan,
    Read(usize),
}

fn frame_of(from: Role) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        60 => prop::sample::select(vec![0x02u8, 0x00, 0x80, 0x82]),
        40 => prop::sample::select(vec![0x89u8, 0x8a]),
        2 => prop::sample::select(vec![0x88u8, 0x83, 0xc2, 0x99]),
    ];
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::collection::vec(any::<u8>(), 120..130),
    ];
    (first, payload).prop_map(move |(first, payload)| frame(from, first, &payload))
}

/// Only what is in order, so that most wires get far.
fn in_order(wire: Vec<Vec<u8>>) -> Vec<u8> {
    let mut inside = false;
    let mut all = Vec::new();
    for mut frame in wire {
        match frame[0] {
            0x00 | 0x80 if !inside => frame[0] |= 0x02,
            0x02 | 0x82 if inside => frame[0] &= 0x80,
            _ => {}
        }
        match frame[0] {
            0x00 | 0x02 => inside = true,
            0x80 | 0x82 => inside = false,
            _ => {}
        }
        all.extend(frame);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Data and ending are those without looking ahead, and every ping gets its pong.
    #[test]
    fn looking_ahead_changes_nothing_but_when_pings_are_answered(
        (role, wire) in prop::sample::select(&ROLES[..]).prop_flat_map(|role| {
            let wire = prop::collection::vec(frame_of(other(role)), 0..20);
            let wire = (wire, prop::bool::weighted(0.8))
                .prop_map(|(wire, ordered)| if ordered { in_order(wire) } else { wire.concat() });
            (Just(role), wire)
        }),
        ops in prop::collection::vec(prop_oneof![
            (1..300usize).prop_map(Op::Arrive),
            Just(Op::Scan),
            (1..300usize).prop_map(Op::Read),
        ], 0..40),
    ) {
        let mut plain = connection(role, ConnectionConfig::new());
        let mut seen = Vec::new();
        recv(&mut plain, &wire, &mut seen);
        let mut reader = Reader::new(role);
        let mut rest = &wire[..];
        let last = [Op::Arrive(usize::MAX), Op::Scan, Op::Read(usize::MAX)];
        for op in ops.into_iter().chain(last) {
            match op {
                Op::Arrive(count) => {
                    let (part, later) = rest.split_at(count.min(rest.len()));
                    reader.arrive(part);
                    rest = later;
                }
                Op::Scan => reader.scan(),
                Op::Read(count) => reader.read(count),
            }
        }
        prop_assert_eq!(data(&reader.seen), data(&seen));
        prop_assert_eq!(state(&reader.connection), state(&plain));
        prop_assert_eq!(reader.connection.counters(), plain.counters());
        prop_assert_eq!(pongs(&mut reader.connection), pongs(&mut plain));
        let errors = |seen: &[Seen]| -> Vec<ProtocolError> {
            seen.iter().filter_map(|seen| match seen { Seen::Error(error) => Some(*error), _ => None }).collect()
        };
        prop_assert_eq!(errors(&reader.seen), errors(&seen));
    }
}
