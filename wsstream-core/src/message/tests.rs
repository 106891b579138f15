use alloc::vec;

use super::*;
use crate::{Config, Header, Opcode, Seed, StreamError};

fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        fin,
        ..Header::new(opcode, payload.len() as u64)
    };
    [&header.encode(), payload].concat()
}

/// What a client makes of the parts of a wire, with messages of up to eight octets.
fn recv<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Message>, Option<ProtocolError>) {
    let config = Config::new().max_message(8);
    let mut connection = Connection::client(config, &Seed::new([0; 32]));
    let mut assembler = Assembler::new();
    let mut messages = Vec::new();
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        while let Some(message) = assembler.recv(&mut connection, &mut input) {
            messages.push(message);
        }
    }
    let error = match connection.ending() {
        Some(Err(StreamError::Protocol(error))) => Some(error),
        ending => {
            assert_eq!(ending, None);
            None
        }
    };
    (messages, error)
}

#[test]
fn s5_6_and_s8_1_at_every_cut() {
    use Opcode::{Binary, Continuation, Ping, Text};
    use ProtocolError::{InvalidUtf8, MessageTooLong};
    let text = |text: &str| Message::Text(text.into());
    let binary = |octets: &'static [u8]| Message::Binary(Bytes::from_static(octets));
    let table = [
        (vec![frame(true, Text, b"Hello")], vec![text("Hello")], None),
        (
            vec![frame(true, Text, b""), frame(true, Binary, b"")],
            vec![text(""), binary(b"")],
            None,
        ),
        (
            vec![
                frame(false, Text, b"\xce"),
                frame(true, Ping, b"\xff"),
                frame(false, Continuation, b""),
                frame(true, Continuation, b"\xba\xe1\xbd\xb9"),
                frame(true, Binary, b"\xff\xfe"),
            ],
            vec![text("\u{3ba}\u{1f79}"), binary(b"\xff\xfe")],
            None,
        ),
        (
            vec![frame(true, Text, "12345678".as_bytes())],
            vec![text("12345678")],
            None,
        ),
        (
            vec![frame(true, Text, "1234567é".as_bytes())],
            vec![],
            Some(MessageTooLong(8)),
        ),
        (
            vec![
                frame(false, Binary, b"12345"),
                frame(true, Continuation, b"6789"),
            ],
            vec![],
            Some(MessageTooLong(8)),
        ),
        // Too long and no text: whatever comes first, wherever the wire is cut.
        (
            vec![frame(true, Text, b"1234567\xff9")],
            vec![],
            Some(InvalidUtf8),
        ),
        (
            vec![frame(true, Text, b"12345678\xff")],
            vec![],
            Some(MessageTooLong(8)),
        ),
        // §8.1: a surrogate, an overlong form, beyond U+10FFFF, a lone continuation, a cut character.
        (
            vec![frame(true, Text, b"a\xed\xa0\x80")],
            vec![],
            Some(InvalidUtf8),
        ),
        (
            vec![frame(true, Text, b"\xc0\x80")],
            vec![],
            Some(InvalidUtf8),
        ),
        (
            vec![frame(true, Text, b"\xf4\x90\x80\x80")],
            vec![],
            Some(InvalidUtf8),
        ),
        (vec![frame(true, Text, b"\x80")], vec![], Some(InvalidUtf8)),
        (
            vec![frame(true, Text, b"ok\xe1\xbd")],
            vec![],
            Some(InvalidUtf8),
        ),
        (
            vec![
                frame(true, Text, b"ok"),
                frame(false, Text, b"\xe1"),
                frame(true, Continuation, b"a"),
            ],
            vec![text("ok")],
            Some(InvalidUtf8),
        ),
    ];
    for (frames, messages, error) in table {
        let wire = frames.concat();
        let expected = (messages, error);
        assert_eq!(recv(wire.chunks(1)), expected, "{wire:x?}");
        for cut in 0..=wire.len() {
            assert_eq!(
                recv([&wire[..cut], &wire[cut..]]),
                expected,
                "{wire:x?} cut at {cut}"
            );
        }
    }
}

#[test]
fn s8_1_text_fails_at_its_first_bad_octet() {
    let begun = [0x01, 0x06, b'a', 0xf4, 0x90];
    assert_eq!(
        recv([&begun[..]]),
        (vec![], Some(ProtocolError::InvalidUtf8))
    );
    assert_eq!(
        recv(begun.chunks(1)),
        (vec![], Some(ProtocolError::InvalidUtf8))
    );
    // Where the bad octets look like a character cut by the end of the piece.
    let begun = [0x01, 0x08, 0xe1, b'a', 0xe1];
    assert_eq!(
        recv([&begun[..]]),
        (vec![], Some(ProtocolError::InvalidUtf8))
    );
}

/// Two cuts, and pieces of every length: text is what `str` says it is.
#[test]
fn s8_1_text_is_utf8_at_every_two_cuts() {
    for octets in [
        &b"\xe1a\xe1"[..],
        b"\xe1\xbd\xe1\xbd",
        b"\xf0\x9f\x98\xf0\x9f",
        "a\u{e9}\u{20ac}\u{1f600}".as_bytes().get(..8).unwrap(),
        "\u{20ac}\u{1f600}b".as_bytes(),
        b"\xed\x9f\xbf\xee\x80\x80",
        b"\xf4\x8f\xbf\xbf",
    ] {
        let wire = frame(true, Opcode::Text, octets);
        let expected = match str::from_utf8(octets) {
            Ok(text) => (vec![Message::Text(text.into())], None),
            Err(_) => (vec![], Some(ProtocolError::InvalidUtf8)),
        };
        for one in 0..=wire.len() {
            for two in one..=wire.len() {
                let parts = [&wire[..one], &wire[one..two], &wire[two..]];
                assert_eq!(recv(parts), expected, "{octets:x?} cut at {one} and {two}");
            }
        }
    }
}
