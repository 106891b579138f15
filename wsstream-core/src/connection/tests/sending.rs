//! Messages out: frames of bounded length, a bounded outbox, and frames written past it.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::support::*;
use crate::connection::Connection;
use crate::role::Role::{Client, Server};
use crate::{Closed, ConnectionConfig, DataKind, Header};

fn numbered(len: usize) -> Vec<u8> {
    (0..=250u8).cycle().take(len).collect()
}

#[test]
fn s5_4_auto_fragmentation() {
    let table: &[(usize, usize, &[usize])] = &[
        // frames of at most, payload, frames
        (0, 0, &[0]),
        (0, 65536, &[65536]),
        (1, 0, &[0]),
        (1, 1, &[1]),
        (1, 3, &[1, 1, 1]),
        (4, 3, &[3]),
        (4, 4, &[4]),
        (4, 5, &[4, 1]),
        (4, 8, &[4, 4]),
        (4, 9, &[4, 4, 1]),
        (125, 126, &[125, 1]),
        (126, 252, &[126, 126]),
        (32768, 65000, &[32768, 32232]),
        (65536, 65536, &[65536]),
        (usize::MAX, 65536, &[65536]),
    ];
    for role in ROLES {
        for &(max, len, lens) in table {
            let mut connection = connection(role, ConnectionConfig::new().auto_fragment(max));
            let payload = numbered(len);
            for kind in [DataKind::Text, DataKind::Binary] {
                assert_eq!(connection.send(kind, &payload, true), Ok(len));
                assert!(connection.outbox().len() <= Connection::OUTBOX_LEN);
                let frames = sent(&mut connection);
                let first = if kind == DataKind::Text { 1 } else { 2 };
                let expected: Vec<_> = (0..lens.len())
                    .map(|i| {
                        let fin = if i + 1 == lens.len() { 0x80 } else { 0 };
                        (fin | if i == 0 { first } else { 0 }, lens[i])
                    })
                    .collect();
                let got: Vec<_> = frames
                    .iter()
                    .map(|(first, payload)| (*first, payload.len()))
                    .collect();
                assert_eq!(got, expected, "{len} in {max}");
                assert_eq!(
                    frames
                        .into_iter()
                        .flat_map(|(_, payload)| payload)
                        .collect::<Vec<_>>(),
                    payload
                );
            }
        }
    }
}

#[test]
fn s5_4_what_finds_no_room_goes_on_as_continuation_with_control_frames_between() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        let payload = numbered(200_000);
        let (mut rest, mut opcodes, mut all) = (&payload[..], Vec::new(), Vec::new());
        while !rest.is_empty() {
            let count = connection.send(DataKind::Text, rest, true).unwrap();
            assert!(count > 0);
            rest = &rest[count..];
            if !rest.is_empty() {
                assert_eq!(connection.send(DataKind::Binary, b"no room", true), Ok(0));
            }
            let ping = frame(other(role), 0x89, b"");
            recv(&mut connection, &ping, &mut Vec::new());
            for (first, payload) in sent(&mut connection) {
                opcodes.push(first);
                all.extend_from_slice(&payload);
            }
        }
        assert_eq!(opcodes, [0x01, 0x8a, 0x00, 0x8a, 0x00, 0x8a, 0x80, 0x8a]);
        assert_eq!(all, payload);
    }
}

#[test]
fn s5_4_pieces_of_a_message() {
    let mut connection = connection(Server, ConnectionConfig::new().auto_fragment(2));
    for (payload, end) in [
        (&b"abc"[..], false),
        (b"", false),
        (b"d", false),
        (b"", true),
        (b"e", true),
    ] {
        assert_eq!(
            connection.send(DataKind::Text, payload, end),
            Ok(payload.len())
        );
    }
    let expected: &[(u8, &[u8])] = &[
        (0x01, b"ab"),
        (0x00, b"c"),
        (0x00, b"d"),
        (0x80, b""),
        (0x81, b"e"),
    ];
    let expected: Vec<_> = expected
        .iter()
        .map(|(first, octets)| (*first, octets.to_vec()))
        .collect();
    assert_eq!(sent(&mut connection), expected);
    assert_eq!(connection.counters().frames_sent, 5);
    assert_eq!(connection.counters().payload_sent, 5);
}

#[test]
fn where_there_is_room_something_can_be_sent_and_the_outbox_stays_bounded() {
    for role in ROLES {
        for max in [
            0,
            1,
            2,
            125,
            126,
            127,
            1000,
            65535,
            65536,
            65537,
            usize::MAX - 1,
            usize::MAX,
        ] {
            for left in [0, 1, 2, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16, 40] {
                let mut connection = connection(role, ConnectionConfig::new().auto_fragment(max));
                let room = connection.room();
                assert!(max == 0 || max < 65536 || room >= Connection::MAX_STREAM_MESSAGE);
                // Empty, and full but for `left`, give or take a header.
                connection
                    .send(DataKind::Binary, &vec![0; room - left], true)
                    .unwrap();
                let (room, before) = (connection.room(), connection.outbox().len());
                assert!(!connection.has_room() || room > 0, "{max}, {left}");
                let has_room = connection.has_room();
                assert_eq!(connection.send(DataKind::Text, b"", true), Ok(0));
                assert_eq!(connection.outbox().len() > before, has_room);
                let room = connection.room();
                let sent = connection.send(DataKind::Text, &[0; 1 << 17], true);
                assert_eq!(sent, Ok(room));
                assert!(connection.outbox().len() <= Connection::OUTBOX_LEN - 400);
            }
        }
    }
}

#[test]
fn nothing_is_sent_after_a_close() {
    for role in ROLES {
        let mut connection = connection(role, ConnectionConfig::new());
        connection.close(&close(1000));
        sent(&mut connection);
        for (payload, end) in [(&b""[..], false), (b"", true), (b"a", false), (b"a", true)] {
            assert_eq!(connection.send(DataKind::Binary, payload, end), Err(Closed));
        }
        assert!(connection.direct(DataKind::Binary, 1).is_none());
        assert!(connection.outbox().is_empty());
    }
}

#[test]
fn s5_3_each_frame_of_a_client_has_a_key_of_its_own() {
    let mut connection = connection(Client, ConnectionConfig::new().auto_fragment(8));
    connection.send(DataKind::Binary, &[0; 800], true).unwrap();
    let wire = connection.outbox().octets();
    let mut keys: Vec<_> = wire
        .chunks(14)
        .map(|frame| Header::parse(frame).unwrap().unwrap().0.mask)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 100);
}

/// Writes `queued` as usual and `payload` directly, of all of which the transport takes `written`
/// octets; tells what the peer gets.
fn directly(queued: &[u8], payload: &[u8], written: usize) -> (bool, Vec<Seen>) {
    let mut connection = connection(Server, ConnectionConfig::new());
    if !queued.is_empty() {
        connection.send(DataKind::Binary, queued, true).unwrap();
    }
    let header = connection.direct(DataKind::Text, payload.len()).unwrap();
    let all = [connection.outbox().octets(), &header, payload].concat();
    let written = written.min(all.len());
    let was_sent = connection.sent_direct(&header, payload, written);
    let mut wire = all[..written].to_vec();
    wire.extend_from_slice(connection.outbox().octets());
    assert!(connection.outbox().len() <= Connection::OUTBOX_LEN);
    connection.outbox().consume(usize::MAX);
    assert_eq!(connection.counters().sent, wire.len() as u64);
    let data = queued.len() + if was_sent { payload.len() } else { 0 };
    assert_eq!(connection.counters().payload_sent, data as u64);
    let mut seen = Vec::new();
    recv(
        &mut super::support::connection(Client, ConnectionConfig::new()),
        &wire,
        &mut seen,
    );
    (was_sent, seen)
}

#[test]
fn a_frame_written_directly_is_completed_however_little_was_taken_of_it() {
    for queued in [&b""[..], b"queued"] {
        for payload in [&b"x"[..], b"payload", &[b'x'; 300]] {
            let before = if queued.is_empty() {
                0
            } else {
                2 + queued.len()
            };
            for written in 0..before + payload.len() + 5 {
                let (was_sent, seen) = directly(queued, payload, written);
                assert_eq!(was_sent, written > before, "{written}");
                let mut expected = Vec::new();
                expected.extend((before > 0).then(|| binary(queued, true)));
                let payload = core::str::from_utf8(payload).unwrap();
                expected.extend(was_sent.then(|| text(payload, true)));
                assert_eq!(seen, expected, "{written}");
            }
        }
    }
}

#[test]
fn what_cannot_be_written_directly() {
    let direct = |connection: &Connection, len| connection.direct(DataKind::Binary, len).is_some();
    let client = connection(Client, ConnectionConfig::new());
    assert!(!direct(&client, 1), "a client has to mask");
    let mut server = connection(Server, ConnectionConfig::new().auto_fragment(4));
    assert!(direct(&server, 4) && !direct(&server, 5));
    server.send(DataKind::Binary, b"a", false).unwrap();
    assert!(!direct(&server, 1), "inside a message");
    server.send(DataKind::Binary, b"b", true).unwrap();
    assert!(direct(&server, 1));
    // What the transport does not take has to find room.
    let mut server = connection(Server, ConnectionConfig::new());
    assert!(direct(&server, 65536) && !direct(&server, 65537));
    let payload = vec![0; 65536];
    let header = server.direct(DataKind::Binary, payload.len()).unwrap();
    assert!(server.sent_direct(&header, &payload, 1));
    recv(
        &mut server,
        &[frame(Client, 0x89, &[0; 125]), frame(Client, 0x83, b"")].concat(),
        &mut Vec::new(),
    );
    assert!(server.outbox().len() <= Connection::OUTBOX_LEN);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn messages_arrive_whole_whatever_the_frames_and_the_transport(
        role in prop::sample::select(&ROLES[..]), max in 0..40usize,
        messages in prop::collection::vec((0..70_000usize, any::<bool>()), 1..4),
        writes in prop::collection::vec(1..30_000usize, 1..9),
    ) {
        let mut sender = connection(role, ConnectionConfig::new().auto_fragment(max * max * max));
        let mut receiver = connection(other(role), ConnectionConfig::new());
        let (mut seen, mut expected) = (Vec::new(), Vec::new());
        let mut writes = writes.iter().cycle();
        for (len, is_text) in messages {
            let kind = if is_text { DataKind::Text } else { DataKind::Binary };
            let payload = numbered(len);
            push(&mut expected, Seen::Data(kind, payload.clone(), true));
            let mut rest = &payload[..];
            loop {
                let can = sender.has_room();
                let count = sender.send(kind, rest, true).unwrap();
                prop_assert!(sender.outbox().len() <= Connection::OUTBOX_LEN);
                rest = &rest[count..];
                if rest.is_empty() && (count > 0 || can) {
                    break;
                }
                let count = sender.outbox().len().min(*writes.next().unwrap());
                recv(&mut receiver, &sender.outbox().octets()[..count], &mut seen);
                sender.outbox().consume(count);
            }
        }
        recv(&mut receiver, sender.outbox().octets(), &mut seen);
        prop_assert_eq!(seen, expected);
    }
}
