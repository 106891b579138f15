use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::{Close, CloseCode, ConnectionConfig, Header, Opcode, Seed, StreamError};

/// Unmasked frames for a client: (fin, opcode, payload).
fn wire(frames: &[(bool, Opcode, &[u8])]) -> Vec<u8> {
    let mut wire = Vec::new();
    for (fin, opcode, payload) in frames {
        let header = Header {
            fin: *fin,
            ..Header::new(*opcode, payload.len() as u64)
        };
        wire.extend_from_slice(&header.encode());
        wire.extend_from_slice(payload);
    }
    wire
}

/// What a reader with a buffer of `room` octets makes of the parts of a wire, and the Close it sends.
fn read<'a>(
    encoding: Encoding,
    parts: impl IntoIterator<Item = &'a [u8]>,
    room: usize,
) -> (Vec<u8>, Option<Result<(), StreamError>>, Option<Close>) {
    let mut connection =
        Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([0; 32])));
    let mut stream = ByteStream::new(encoding);
    let (mut all, mut out) = (Vec::new(), vec![0; room]);
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        loop {
            let count = stream.read(&mut connection, &mut input, &mut out);
            if count == 0 {
                break;
            }
            all.extend_from_slice(&out[..count]);
        }
        assert!(input.is_empty());
    }
    (all, connection.ending(), connection.sent_close().cloned())
}

type Row = (
    &'static str,
    Encoding,
    Vec<u8>,
    &'static [u8],
    Option<ProtocolError>,
);

fn table() -> Vec<Row> {
    use Encoding::{Base64, Binary};
    use Opcode::{Continuation, Ping, Text};
    use ProtocolError::{InvalidBase64, UnexpectedKind};
    let base64 = |text: &str| wire(&[(true, Text, text.as_bytes())]);
    vec![
        (
            "one message",
            Binary,
            wire(&[(true, Opcode::Binary, b"hello")]),
            b"hello",
            None,
        ),
        (
            "fragments, a ping and empty ones between",
            Binary,
            wire(&[
                (false, Opcode::Binary, b""),
                (false, Continuation, b"he"),
                (true, Ping, b"not data"),
                (false, Continuation, b""),
                (true, Continuation, b"llo"),
                (true, Opcode::Binary, b""),
                (true, Opcode::Binary, b"!"),
            ]),
            b"hello!",
            None,
        ),
        (
            "text",
            Binary,
            base64("hello"),
            b"",
            Some(UnexpectedKind(DataKind::Text)),
        ),
        (
            "empty text",
            Binary,
            base64(""),
            b"",
            Some(UnexpectedKind(DataKind::Text)),
        ),
        (
            "text after data",
            Binary,
            [wire(&[(true, Opcode::Binary, b"ab")]), base64("x")].concat(),
            b"ab",
            Some(UnexpectedKind(DataKind::Text)),
        ),
        (
            "binary",
            Base64,
            wire(&[(true, Opcode::Binary, b"aGk=")]),
            b"",
            Some(UnexpectedKind(DataKind::Binary)),
        ),
        ("no padding needed", Base64, base64("aGVs"), b"hel", None),
        (
            "one padding character",
            Base64,
            base64("aGVsbG8="),
            b"hello",
            None,
        ),
        ("two", Base64, base64("aGVsbA=="), b"hell", None),
        ("empty", Base64, base64(""), b"", None),
        (
            "each message its own",
            Base64,
            [base64("aA=="), base64("aQ==")].concat(),
            b"hi",
            None,
        ),
        (
            "cut inside groups",
            Base64,
            wire(&[
                (false, Text, b"a"),
                (false, Continuation, b"GVsbG"),
                (true, Ping, b""),
                (true, Continuation, b"8="),
            ]),
            b"hello",
            None,
        ),
        (
            "incomplete group",
            Base64,
            base64("aGVsbG8"),
            b"hel",
            Some(InvalidBase64),
        ),
        (
            "line break",
            Base64,
            base64("aGVs\nbG8="),
            b"hel",
            Some(InvalidBase64),
        ),
        (
            "URL alphabet",
            Base64,
            base64("aGVs-_-_"),
            b"hel",
            Some(InvalidBase64),
        ),
        (
            "text after padding",
            Base64,
            base64("aA==aQ=="),
            b"h",
            Some(InvalidBase64),
        ),
        (
            "a character after padding",
            Base64,
            base64("aA==a"),
            b"h",
            Some(InvalidBase64),
        ),
        (
            "padding alone",
            Base64,
            base64("===="),
            b"",
            Some(InvalidBase64),
        ),
        (
            "stray bits in the last group",
            Base64,
            base64("aB=="),
            b"",
            Some(InvalidBase64),
        ),
        (
            "not UTF-8",
            Base64,
            wire(&[(true, Text, b"aGVs\xff\xff\xff\xff")]),
            b"hel",
            Some(InvalidBase64),
        ),
        (
            "nothing after the fault",
            Base64,
            [base64("!!!!"), base64("aGk=")].concat(),
            b"",
            Some(InvalidBase64),
        ),
    ]
}

#[test]
fn at_every_cut_and_in_any_room() {
    for (name, encoding, wire, expected, error) in table() {
        let ending = error.map(|error| Err(StreamError::Protocol(error)));
        let close = error.map(|error| Close::new(error.close_code(), &error.to_string()));
        let expected = (expected.to_vec(), ending, close);
        for room in [1, 2, 3, 4, 5, 64] {
            assert_eq!(
                read(encoding, wire.chunks(1), room),
                expected,
                "{name}, {room} at a time"
            );
            for cut in 0..=wire.len() {
                let parts = [&wire[..cut], &wire[cut..]];
                assert_eq!(
                    read(encoding, parts, room),
                    expected,
                    "{name}, {room}, cut at {cut}"
                );
            }
        }
    }
}

/// The contract's endings: what the peer closes with, and what the reader gets.
#[test]
fn how_a_stream_ends() {
    let close = |payload: &[u8]| {
        wire(&[
            (true, Opcode::Binary, b"last"),
            (true, Opcode::Close, payload),
        ])
    };
    let gone = Close::new(CloseCode::GOING_AWAY, "bye");
    let table = [
        (close(b""), Ok(())),
        (close(b"\x03\xe8"), Ok(())),
        (close(b"\x03\xe8fine"), Ok(())),
        (close(b"\x03\xe9bye"), Err(StreamError::Closed(gone))),
        (
            close(b"\x03"),
            Err(StreamError::Protocol(ProtocolError::InvalidCloseLength)),
        ),
    ];
    for (wire, ending) in table {
        let (data, got, _) = read(Encoding::Binary, wire.chunks(1), 64);
        assert_eq!((data.as_slice(), got), (&b"last"[..], Some(ending)));
    }
    let (data, ending, _) = read(
        Encoding::Binary,
        [&wire(&[(true, Opcode::Binary, b"a")])[..]],
        9,
    );
    assert_eq!((data.as_slice(), ending), (&b"a"[..], None));
}

/// Who closes inside a message has not sent all of it: that is no end of file, and there is nothing to
/// wait with the answer for. With `base64` up to two octets of it are not even known.
#[test]
fn a_close_inside_a_message_is_no_end() {
    use Encoding::{Base64, Binary};
    let table: [(Encoding, bool, &[u8], &[u8]); 5] = [
        (Binary, false, b"half", b"half"),
        (Binary, false, b"", b""),
        (Base64, false, b"aGFsZg==", b"half"),
        (Base64, false, b"aGFsZ", b"hal"),
        // The message has ended.
        (Binary, true, b"half", b"half"),
    ];
    for (encoding, fin, payload, expected) in table {
        for code in [&b""[..], b"\x03\xe8"] {
            let kind = encoding.kind().into();
            let wire = wire(&[(fin, kind, payload), (true, Opcode::Close, code)]);
            let (data, ending, close) = read(encoding, wire.chunks(1), 64);
            assert_eq!(data, expected);
            let (unfinished, answer) = (Err(StreamError::Unfinished), Close::parse(code).unwrap());
            assert_eq!(ending, Some(if fin { Ok(()) } else { unfinished }));
            // Half close was not agreed on: the answer follows at once.
            assert_eq!(close, Some(answer));
        }
    }
}

#[test]
fn a_message_of_the_wrong_kind_is_refused_at_its_header() {
    let (_, ending, close) = read(Encoding::Binary, [&b"\x81\x7e\x10\x00"[..]], 64);
    let error = ProtocolError::UnexpectedKind(DataKind::Text);
    assert_eq!(ending, Some(Err(StreamError::Protocol(error))));
    assert_eq!(close.unwrap().code(), Some(CloseCode::UNSUPPORTED));
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(
        data in prop::collection::vec(any::<u8>(), 0..3000),
        writes in prop::collection::vec(1..900usize, 1..20),
        fragment in 0..100usize, base64: bool, room in 1..100usize, cut in 1..500usize,
    ) {
        let encoding = if base64 { Encoding::Base64 } else { Encoding::Binary };
        let mut server = Connection::without_extensions(ConnectionConfig::new().auto_fragment(fragment), None);
        let mut stream = ByteStream::new(encoding);
        let (mut rest, mut wire) = (&data[..], Vec::new());
        for len in writes.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let count = stream.write(&mut server, &rest[..len.min(rest.len())]).unwrap();
            rest = &rest[count..];
            prop_assert!(server.outbox().len() <= Connection::OUTBOX_LEN);
            wire.extend_from_slice(server.outbox().octets());
            server.outbox().consume(usize::MAX);
        }
        let (got, ending, _) = read(encoding, wire.chunks(cut), room);
        prop_assert_eq!(got, data);
        prop_assert_eq!(ending, None);
    }
}

#[test]
fn autofrag_counts_the_text_on_the_wire_and_makes_no_empty_frame() {
    for (fragment, octets, lens) in [
        (4, 6, &[4, 4][..]),
        (3, 6, &[3, 3, 2]),
        (8, 6, &[8]),
        (0, 300, &[400]),
        (1, 1, &[1, 1, 1, 1]),
    ] {
        let mut server =
            Connection::without_extensions(ConnectionConfig::new().auto_fragment(fragment), None);
        let mut stream = ByteStream::new(Encoding::Base64);
        stream.write(&mut server, &vec![7; octets]).unwrap();
        let mut wire = server.outbox().octets();
        let mut frames = Vec::new();
        while let Some((header, len)) = Header::parse(wire).unwrap() {
            frames.push((header.opcode, header.fin, header.len));
            wire = &wire[len + usize::try_from(header.len).unwrap()..];
        }
        let expected: Vec<_> = lens
            .iter()
            .enumerate()
            .map(|(i, &len)| {
                let opcode = if i == 0 {
                    Opcode::Text
                } else {
                    Opcode::Continuation
                };
                (opcode, i + 1 == lens.len(), len)
            })
            .collect();
        assert_eq!(frames, expected);
    }
}

#[test]
fn an_empty_write_sends_nothing_and_a_long_one_what_fits_64_kib() {
    for (encoding, most, rest) in [
        // Half of it, in whole words; then what is left of the room.
        (Encoding::Binary, 50_048, (64 << 10) - 50_048),
        (Encoding::Base64, 48 << 10, 0),
    ] {
        let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
        let mut stream = ByteStream::new(encoding);
        assert_eq!(stream.write(&mut server, b""), Ok(0));
        assert!(server.outbox().is_empty());
        assert_eq!(stream.write(&mut server, &vec![0; 100_000]), Ok(most));
        assert_eq!(stream.write(&mut server, &vec![0; 100_000]), Ok(rest));
        assert_eq!(stream.write(&mut server, &vec![0; 100_000]), Ok(0));
        server.outbox().consume(usize::MAX);
        server.close(&Close::default());
        assert_eq!(stream.write(&mut server, b"x"), Err(Closed));
        assert_eq!(stream.write(&mut server, b""), Err(Closed));
    }
}

#[test]
fn encodings_and_names() {
    let of = |name: &str| Encoding::of(Some(name)).subprotocol();
    assert_eq!(
        ["base64", "binary", "mqtt", "BASE64"].map(of),
        ["base64", "binary", "binary", "binary"]
    );
    assert_eq!(
        Encoding::of(None).subprotocol().to_string(),
        String::from("binary")
    );
}
