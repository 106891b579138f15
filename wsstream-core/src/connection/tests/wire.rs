//! What a connection makes of any octets, right or wrong.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::support::*;
use crate::ProtocolError::{self, *};
use crate::role::Role::{self, Client, Server};
use crate::{Close, CloseCode, ConnectionConfig, StreamError};

/// Who receives, what, and what it is told before the error, if there is one.
type Row = (
    &'static str,
    Role,
    Vec<u8>,
    Vec<Seen>,
    Option<ProtocolError>,
);

/// The rows that are the same whoever receives.
fn both(role: Role) -> Vec<Row> {
    let f = |first: u8, payload: &[u8]| frame(other(role), first, payload);
    let row = |name, octets: &[Vec<u8>], seen: &[Seen], error| {
        (name, role, octets.concat(), seen.to_vec(), error)
    };
    let long = [b'x'; 126];
    vec![
        row(
            "5.6 text",
            &[f(0x81, b"Hello")],
            &[text("Hello", true)],
            None,
        ),
        row(
            "5.6 binary",
            &[f(0x82, b"\xff")],
            &[binary(b"\xff", true)],
            None,
        ),
        row("5.6 empty", &[f(0x82, b"")], &[binary(b"", true)], None),
        row(
            "5.4 fragments",
            &[f(0x01, b"Hel"), f(0x80, b"lo")],
            &[text("Hello", true)],
            None,
        ),
        row(
            "5.4 unfinished",
            &[f(0x02, b"ab"), f(0x00, b"c")],
            &[binary(b"abc", false)],
            None,
        ),
        row(
            "5.4 empty fragments, first, between and last",
            &[f(0x02, b""), f(0x00, b"a"), f(0x00, b""), f(0x80, b"")],
            &[binary(b"a", true)],
            None,
        ),
        row(
            "5.4 control frames between fragments",
            &[
                f(0x01, b"a"),
                f(0x89, b"p"),
                f(0x00, b"b"),
                f(0x8a, b"q"),
                f(0x80, b"c"),
            ],
            &[
                text("a", false),
                ping(b"p"),
                text("b", false),
                pong(b"q"),
                text("c", true),
            ],
            None,
        ),
        row(
            "5.5.2 ping of 125",
            &[f(0x89, &long[..125])],
            &[ping(&long[..125])],
            None,
        ),
        row("5.5.3 pong unasked", &[f(0x8a, b"")], &[pong(b"")], None),
        row(
            "5.5.1 close, and data after it",
            &[
                f(0x82, b"a"),
                f(0x88, b"\x03\xe8bye"),
                f(0x82, b"b"),
                f(0x89, b""),
                f(0xff, b""),
            ],
            &[
                binary(b"a", true),
                Seen::Close(Close::new(CloseCode::NORMAL, "bye")),
            ],
            None,
        ),
        row(
            "5.4 close inside a message",
            &[f(0x02, b"a"), f(0x88, b"")],
            &[binary(b"a", false), Seen::Close(Close::default())],
            None,
        ),
        row(
            "5.2 RSV1, data",
            &[f(0xc2, b"a")],
            &[],
            Some(ReservedBits(0b100)),
        ),
        row(
            "5.2 RSV1, continuation",
            &[f(0x02, b"a"), f(0xc0, b"b")],
            &[binary(b"a", false)],
            Some(ReservedBits(0b100)),
        ),
        row(
            "5.2 RSV1, ping",
            &[f(0xc9, b"")],
            &[],
            Some(ReservedBits(0b100)),
        ),
        row(
            "5.2 RSV1, close",
            &[f(0xc8, b"")],
            &[],
            Some(ReservedBits(0b100)),
        ),
        row("5.2 RSV2", &[f(0xa2, b"a")], &[], Some(ReservedBits(0b010))),
        row("5.2 RSV3", &[f(0x99, b"a")], &[], Some(ReservedBits(0b001))),
        row(
            "5.2 all of them",
            &[f(0xf1, b"a")],
            &[],
            Some(ReservedBits(0b111)),
        ),
        row(
            "5.2 opcode 3",
            &[f(0x83, b"a")],
            &[],
            Some(ReservedOpcode(3)),
        ),
        row(
            "5.2 opcode 7",
            &[f(0x07, b"a")],
            &[],
            Some(ReservedOpcode(7)),
        ),
        row(
            "5.2 opcode 11",
            &[f(0x8b, b"a")],
            &[],
            Some(ReservedOpcode(11)),
        ),
        row(
            "5.2 opcode 15",
            &[f(0x8f, b"a")],
            &[],
            Some(ReservedOpcode(15)),
        ),
        row(
            "5.5 fragmented ping",
            &[f(0x09, b"a")],
            &[],
            Some(ControlFragmented),
        ),
        row(
            "5.5 fragmented close",
            &[f(0x08, b"")],
            &[],
            Some(ControlFragmented),
        ),
        row(
            "5.5 long ping",
            &[f(0x89, &long)],
            &[],
            Some(ControlTooLong),
        ),
        row(
            "5.5 long pong",
            &[f(0x8a, &long)],
            &[],
            Some(ControlTooLong),
        ),
        row(
            "5.5 long close",
            &[f(0x88, &long)],
            &[],
            Some(ControlTooLong),
        ),
        row(
            "5.4 continuation of nothing",
            &[f(0x80, b"a")],
            &[],
            Some(UnexpectedContinuation),
        ),
        row(
            "5.4 continuation of what has ended",
            &[f(0x82, b"a"), f(0x00, b"b")],
            &[binary(b"a", true)],
            Some(UnexpectedContinuation),
        ),
        row(
            "5.4 message inside another",
            &[f(0x01, b"a"), f(0x89, b"p"), f(0x81, b"b")],
            &[text("a", false), ping(b"p")],
            Some(ExpectedContinuation),
        ),
        row(
            "5.4 empty message inside another",
            &[f(0x02, b""), f(0x82, b"")],
            &[],
            Some(ExpectedContinuation),
        ),
        row(
            "5.5.1 close of one octet",
            &[f(0x88, b"\x03")],
            &[],
            Some(InvalidCloseLength),
        ),
        row(
            "5.5.1 reason not UTF-8",
            &[f(0x88, b"\x03\xe8\xff")],
            &[],
            Some(InvalidUtf8),
        ),
        row(
            "7.4.1 close 1005",
            &[f(0x88, b"\x03\xed")],
            &[],
            Some(InvalidCloseCode(1005)),
        ),
        row(
            "7.4.1 close 1006",
            &[f(0x88, b"\x03\xee")],
            &[],
            Some(InvalidCloseCode(1006)),
        ),
        row(
            "7.4.1 close 1015",
            &[f(0x88, b"\x03\xf7")],
            &[],
            Some(InvalidCloseCode(1015)),
        ),
        row(
            "7.4.2 close 0",
            &[f(0x88, b"\0\0")],
            &[],
            Some(InvalidCloseCode(0)),
        ),
        row(
            "7.4.2 close 999",
            &[f(0x88, b"\x03\xe7")],
            &[],
            Some(InvalidCloseCode(999)),
        ),
        row(
            "7.4.2 close 2999",
            &[f(0x88, b"\x0b\xb7")],
            &[],
            Some(InvalidCloseCode(2999)),
        ),
        row(
            "7.4.2 close 5000",
            &[f(0x88, b"\x13\x88")],
            &[],
            Some(InvalidCloseCode(5000)),
        ),
        row(
            "5.1 masked the wrong way",
            &[f(0x82, b"a"), frame(role, 0x82, b"b")],
            &[binary(b"a", true)],
            Some(if role == Server { Unmasked } else { Masked }),
        ),
        row(
            "5.1 ping masked the wrong way",
            &[frame(role, 0x89, b"b")],
            &[],
            Some(if role == Server { Unmasked } else { Masked }),
        ),
        row(
            "5.1 continuation masked the wrong way",
            &[f(0x02, b"a"), frame(role, 0x80, b"b")],
            &[binary(b"a", false)],
            Some(if role == Server { Unmasked } else { Masked }),
        ),
    ]
}

/// The rows that are octets, not frames: lengths.
fn lengths() -> Vec<Row> {
    let huge = b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00";
    vec![
        (
            "5.2 7 in 16 bits",
            Client,
            b"\x82\x7e\x00\x7d".to_vec(),
            vec![],
            Some(LengthNotMinimal),
        ),
        (
            "5.2 7 in 16, masked",
            Server,
            b"\x82\xfe\0\0".to_vec(),
            vec![],
            Some(LengthNotMinimal),
        ),
        (
            "5.2 16 in 64 bits",
            Client,
            b"\x82\x7f\0\0\0\0\0\0\xff\xff".to_vec(),
            vec![],
            Some(LengthNotMinimal),
        ),
        (
            "5.2 2^63",
            Client,
            huge.to_vec(),
            vec![],
            Some(LengthTooLarge(1 << 63)),
        ),
        (
            "5.2 2^63-1 is a length",
            Client,
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffabc".to_vec(),
            vec![binary(b"abc", false)],
            None,
        ),
    ]
}

#[test]
fn every_rule_at_every_cut() {
    let rows = ROLES.into_iter().flat_map(both).chain(lengths());
    for (name, role, octets, expected, error) in rows {
        // Nothing from beyond the fault is delivered.
        let beyond = [
            frame(other(role), 0x82, b"beyond"),
            frame(other(role), 0x89, b""),
        ]
        .concat();
        let octets = match error {
            Some(_) => [octets, beyond].concat(),
            None => octets,
        };
        let expected: Vec<Seen> = expected.into_iter().chain(error.map(Seen::Error)).collect();
        at_every_cut(&octets, |parts| {
            let mut connection = connection(role, ConnectionConfig::new());
            let mut seen = Vec::new();
            for part in parts {
                recv(&mut connection, part, &mut seen);
                // The error is told once, and the Close is in the outbox by then.
                let failed = matches!(seen.last(), Some(Seen::Error(_)));
                let unfinished = connection.ending() == Some(Err(StreamError::Unfinished));
                let closed = connection.sent_close().is_some();
                assert_eq!(failed || unfinished, closed, "{name}");
            }
            assert_eq!(seen, expected, "{name}, {role:?}, {} parts", parts.len());
            assert_eq!(
                connection.counters().received,
                octets.len() as u64,
                "{name}"
            );
            let Some(error) = error else { return };
            let close = Close::new(error.close_code(), &error.to_string());
            assert_eq!(connection.sent_close(), Some(&close), "{name}");
            let (payload, len) = close.payload();
            let last = sent(&mut connection).pop();
            assert_eq!(last, Some((0x88, payload[..len].to_vec())), "{name}");
            assert_eq!(connection.ending(), Some(Err(StreamError::Protocol(error))));
        });
    }
}

#[test]
fn s7_4_1_codes_of_errors() {
    for (error, code) in [
        (Masked, CloseCode::PROTOCOL_ERROR),
        (ReservedBits(4), CloseCode::PROTOCOL_ERROR),
        (InvalidCloseLength, CloseCode::PROTOCOL_ERROR),
        (InvalidUtf8, CloseCode::INVALID_DATA),
        (InvalidBase64, CloseCode::INVALID_DATA),
        (MessageTooLong(1), CloseCode::TOO_LARGE),
        (MessageTooSlow(secs(1)), CloseCode::POLICY),
        (
            UnexpectedKind(crate::DataKind::Text),
            CloseCode::UNSUPPORTED,
        ),
    ] {
        assert_eq!(error.close_code(), code, "{error}");
    }
}

#[test]
fn a_frame_is_refused_at_its_header_not_after_its_payload() {
    for (role, header, error) in [
        (Client, &b"\x83"[..], ReservedOpcode(3)),
        (Client, b"\x82\xff\0\0\0\x01\0\0\0\0\0\0\0\0", Masked),
        (Server, b"\x82\x7f\0\0\0\x01\0\0\0\0", Unmasked),
        (
            Client,
            b"\x80\x7f\0\0\0\x01\0\0\0\0",
            UnexpectedContinuation,
        ),
        (Client, b"\xc2\x05", ReservedBits(0b100)),
    ] {
        let mut seen = Vec::new();
        recv(
            &mut connection(role, ConnectionConfig::new()),
            header,
            &mut seen,
        );
        assert_eq!(seen, [Seen::Error(error)]);
    }
}

#[test]
fn an_all_zero_key_is_a_key() {
    let mut connection = connection(Server, ConnectionConfig::new());
    let mut seen = Vec::new();
    recv(
        &mut connection,
        b"\x82\x83\0\0\0\0abc\x89\x80\0\0\0\0",
        &mut seen,
    );
    assert_eq!(seen, [binary(b"abc", true), ping(b"")]);
}

#[test]
fn a_message_ends_even_for_readers_without_room() {
    let mut connection = connection(Client, ConnectionConfig::new());
    let mut seen = Vec::new();
    let mut octets = *b"\x02\x02ab\x89\x00";
    let mut input = &mut octets[..];
    assert!(connection.recv_up_to(0, &mut input).unwrap().is_none());
    assert_eq!(input, b"ab\x89\x00");
    assert_eq!(connection.in_place(), 1);
    recv(&mut connection, b"ab\x89\x00", &mut seen);
    recv_up_to(0, &mut connection, b"\x89\x00\x80\x00", &mut seen);
    assert_eq!(
        seen,
        [
            binary(b"ab", false),
            ping(b""),
            ping(b""),
            binary(b"", true)
        ]
    );
}

/// Octets that look like frames often enough to get far, and break a rule often enough.
fn octets(role: Role) -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x02u8, 0x00, 0x80, 0x82, 0x01, 0x81, 0x89, 0x8a]),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::collection::vec(any::<u8>(), 120..130),
    ];
    let one = (first, payload).prop_map(move |(first, payload)| frame(role, first, &payload));
    prop::collection::vec(one, 0..12).prop_map(|frames| frames.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The first property: what a wire tells does not depend on how it is cut, nor on how much the
    /// reader takes at a time.
    #[test]
    fn any_cut_of_any_octets_tells_the_same(
        (role, octets) in prop::sample::select(&ROLES[..])
            .prop_flat_map(|role| (Just(role), octets(other(role)))),
        cuts in prop::collection::vec(1..40usize, 0..40), max in 1..200usize,
    ) {
        let (mut whole, mut parts) = (connection(role, ConnectionConfig::new()), connection(role, ConnectionConfig::new()));
        let (mut expected, mut seen) = (Vec::new(), Vec::new());
        recv(&mut whole, &octets, &mut expected);
        let mut rest = &octets[..];
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let (part, later) = rest.split_at(cut.min(rest.len()));
            recv_up_to(max, &mut parts, part, &mut seen);
            rest = later;
        }
        prop_assert_eq!(seen, expected);
        prop_assert_eq!(state(&parts), state(&whole));
        prop_assert_eq!(parts.counters(), whole.counters());
        prop_assert_eq!(sent(&mut parts), sent(&mut whole));
    }
}
