use alloc::vec;
use core::time::Duration;

use super::*;
use crate::{CloseCode, ConnectionConfig, Header, Opcode, Seed, StreamError, Timestamp};

fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let header = Header {
        fin,
        ..Header::new(opcode, payload.len() as u64)
    };
    [&header.encode(), payload].concat()
}

/// What a client makes of the parts of a wire, with messages of up to eight octets.
fn recv<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Message>, Option<ProtocolError>) {
    let config = ConnectionConfig::new().max_message(8);
    let mut connection = Connection::without_extensions(config, Some(&Seed::new([0; 32])));
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

/// When something happens, by the second, and what.
#[derive(Clone, Copy, Debug)]
enum At {
    /// Octets come, which are taken, and the time is told.
    Comes(u64, &'static [u8]),
    /// The time is told while nobody takes what is there.
    Stalls(u64),
}

#[test]
fn s10_4_a_message_has_a_limit_of_time_from_its_first_octet_to_its_last() {
    use At::{Comes, Stalls};
    let begin = b"\x01\x01a";
    // A client told at these times, with a limit of 10 s: when it is too late, if ever.
    #[rustfmt::skip]
    let table: &[(&[At], Option<u64>)] = &[
        (&[Comes(0, b""), Comes(100, b"")], None),
        (&[Comes(0, begin), Comes(9, b"\x80\x01b"), Comes(100, b"")], None),
        (&[Comes(5, begin), Comes(14, b""), Comes(15, b"")], Some(15)),
        // Nothing but its end ends it.
        (&[Comes(5, begin), Comes(9, b"\x00\x01b"), Comes(14, b"\x89\x00"), Comes(15, b"\x00\x01b")], Some(15)),
        // What has come in time counts, even if it is seen late.
        (&[Comes(5, begin), Comes(20, b"\x80\x01b")], None),
        // Each has its own time, though one begins when the other ends.
        (&[Comes(0, begin), Comes(9, b"\x80\x01b\x01\x01a"), Comes(18, b"\x80\x01b\x01\x01a"), Comes(28, b"")], Some(28)),
        // An empty first frame begins it; compressed or not.
        (&[Comes(0, b"\x02\x00"), Comes(10, b"")], Some(10)),
        (&[Comes(0, b"\x42\x00"), Comes(10, b"")], Some(10)),
        // That nobody takes it is not the peer's doing.
        (&[Comes(0, begin), Stalls(9), Stalls(18), Comes(19, b"\x80\x01b"), Comes(50, b"")], None),
        (&[Comes(0, begin), Stalls(9), Comes(19, b""), Comes(20, b"")], Some(20)),
        // What had passed before is kept, however often it happens.
        (&[Comes(0, begin), Stalls(4), Comes(4, b""), Stalls(8), Comes(8, b""), Comes(10, b"")], Some(10)),
        (&[Comes(0, begin), Stalls(20), Comes(30, b"")], Some(30)),
    ];
    for (story, expected) in table {
        let config = ConnectionConfig::new().message_timeout(Duration::from_secs(10));
        let mut connection = Connection::without_extensions(config, Some(&Seed::new([0; 32])))
            .with_deflate(&crate::PerMessageDeflate::default());
        let (mut assembler, mut failed) = (Assembler::new(), None);
        for at in *story {
            let secs = match *at {
                Comes(secs, octets) => {
                    let mut octets = octets.to_vec();
                    let mut input = &mut octets[..];
                    while assembler.recv(&mut connection, &mut input).is_some() {}
                    secs
                }
                Stalls(secs) => {
                    connection.stalled();
                    secs
                }
            };
            let now = Timestamp::from_origin(Duration::from_secs(secs));
            let next = connection.poll_time(now);
            assert_eq!(next.is_some(), connection.wants_time(), "{story:?}");
            if connection.ending().is_some() {
                failed.get_or_insert(secs);
            }
        }
        assert_eq!(failed, *expected, "{story:?}");
        if failed.is_some() {
            let error = ProtocolError::MessageTooSlow(Duration::from_secs(10));
            assert_eq!(connection.ending(), Some(Err(StreamError::Protocol(error))));
            let close = connection.sent_close().unwrap();
            assert_eq!(close.code(), Some(CloseCode::POLICY));
            assert_eq!(close.reason(), "message not complete within 10s");
        }
    }
}

/// A byte stream's message may go on for ever.
#[test]
fn streams_have_no_limit_of_time() {
    let mut connection =
        Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([0; 32])));
    let mut stream = crate::ByteStream::new(crate::Encoding::Binary);
    let mut octets = *b"\x02\x01a";
    assert_eq!(
        stream.read(&mut connection, &mut &mut octets[..], &mut [0; 9]),
        1
    );
    assert!(!connection.wants_time());
}

#[test]
fn what_messages_are_made_of_and_turn_into() {
    let (text, octets) = (
        Message::Text("h\u{e4}".into()),
        Message::Binary("h\u{e4}".into()),
    );
    for made in ["h\u{e4}".into(), String::from("h\u{e4}").into()] {
        assert_eq!(text, made);
    }
    for made in [
        b"h\xc3\xa4".into(),
        b"h\xc3\xa4"[..].into(),
        b"h\xc3\xa4".to_vec().into(),
        Bytes::from_static(b"h\xc3\xa4").into(),
    ] {
        assert_eq!(octets, made);
    }
    assert_eq!((text.as_text(), octets.as_text()), (Some("h\u{e4}"), None));
    assert_eq!(text.clone().into_bytes(), octets.clone().into_bytes());
    assert_eq!(text.into_text().unwrap(), "h\u{e4}");
    assert_eq!(octets.into_text(), Err(NotText));
}
