//! Compressed messages: RFC 7692.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::deflate::tests::{compressed, noise, sample};
use crate::deflate::{Compressor, Sink};
use crate::{
    Close, CloseCode, Connection, ConnectionConfig, DataKind, Deflate, Event, PerMessageDeflate,
    ProtocolError, Seed, StreamError,
};

/// A server's connection and a client's that have agreed on `agreed`.
pub(super) fn pair(wanted: Deflate, agreed: &PerMessageDeflate, frame: usize) -> [Connection; 2] {
    let config = || ConnectionConfig::new().deflate(wanted).auto_fragment(frame);
    [
        Connection::without_extensions(config(), Some(&Seed::new([5; 32]))).with_deflate(agreed),
        Connection::without_extensions(config(), None).with_deflate(agreed),
    ]
}

/// Everything a connection has to say about these octets, given in pieces of `len`, read in pieces of
/// `max`: the messages, and the error.
pub(super) fn received(
    connection: &mut Connection,
    wire: &[u8],
    len: usize,
    max: usize,
) -> (Vec<Vec<u8>>, Vec<u8>, Option<ProtocolError>) {
    let (mut messages, mut message) = (Vec::new(), Vec::new());
    for piece in wire.chunks(len.max(1)).chain([&[][..]]) {
        let mut piece = piece.to_vec();
        let mut input = &mut piece[..];
        loop {
            match connection.recv_up_to(max, &mut input) {
                Ok(Some(Event::Data { payload, end, .. })) => {
                    assert!(payload.len() <= max);
                    message.extend_from_slice(payload.unmask());
                    if end {
                        messages.push(core::mem::take(&mut message));
                    }
                }
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => return (messages, message, Some(error)),
            }
        }
        assert!(input.is_empty());
    }
    (messages, message, None)
}

fn client() -> Connection {
    Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([5; 32])))
        .with_deflate(&PerMessageDeflate::default())
}

type Vector<'a> = (&'a [u8], Result<&'a [&'a [u8]], ProtocolError>);

/// Frames from a server, and the messages that they are, or the error.
#[rustfmt::skip]
const VECTORS: &[Vector<'_>] = &[
    // RFC 7692 §7.2.3.1: one frame, and two.
    (b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", Ok(&[b"Hello"])),
    (b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", Ok(&[b"Hello"])),
    // §7.2.3.2: the window of the first message serves the second.
    (b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", Ok(&[b"Hello", b"Hello"])),
    // §7.2.3.3: a stored block.
    (b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", Ok(&[b"Hello"])),
    // §7.2.3.4: a final block; also without the octet behind it, and with a message after it.
    (b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", Ok(&[b"Hello"])),
    (b"\xc1\x07\xf3\x48\xcd\xc9\xc9\x07\x00", Ok(&[b"Hello"])),
    (b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x05\xf2\x00\x11\x00\x00", Ok(&[b"Hello", b"Hello"])),
    // The block that a message ends with may be a final one itself.
    (b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x01\xc1\x01\x01", Ok(&[b"Hello", b""])),
    // Data behind a final block in the same message.
    (b"\xc1\x0e\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x48\xcd\xc9\xc9\x07\x00", Ok(&[b"HelloHello"])),
    // §7.2.3.5: two blocks.
    (b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", Ok(&[b"Hello"])),
    // §7.2.3.6: an empty message; also an empty frame, and plain ones in between.
    (b"\xc1\x01\x00", Ok(&[b""])),
    (b"\x41\x00\x80\x01\x00", Ok(&[b""])),
    // And no payload at all, which leaves the context as it was.
    (b"\xc1\x00", Ok(&[b""])),
    (b"\x41\x00\x00\x00\x80\x00", Ok(&[b""])),
    (b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x00\xc1\x05\xf2\x00\x11\x00\x00", Ok(&[b"Hello", b"", b"Hello"])),
    (b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x81\x02hi\x81\x00\xc1\x05\xf2\x00\x11\x00\x00", Ok(&[b"Hello", b"hi", b"", b"Hello"])),
    // A ping between fragments.
    (b"\x41\x03\xf2\x48\xcd\x89\x00\x80\x04\xc9\xc9\x07\x00", Ok(&[b"Hello"])),
    // §6: RSV1 on a continuation, on a control frame, and the other reserved bits.
    (b"\x41\x03\xf2\x48\xcd\xc0\x04\xc9\xc9\x07\x00", Err(ProtocolError::ReservedBits(0b100))),
    (b"\xc9\x00", Err(ProtocolError::ReservedBits(0b100))),
    (b"\xc8\x00", Err(ProtocolError::ReservedBits(0b100))),
    (b"\xd1\x01\x00", Err(ProtocolError::ReservedBits(0b101))),
    // No deflate data: a block of the type that there is not, lengths that do not match.
    (b"\xc1\x02\x06\x00", Err(ProtocolError::InvalidDeflate)),
    (b"\xc1\x06\x00\x05\x00\x05\x00\x00", Err(ProtocolError::InvalidDeflate)),
    // A reference to before the first octet.
    (b"\xc1\x05\xf2\x00\x11\x00\x00", Err(ProtocolError::InvalidDeflate)),
    // Blocks without content: up to four in a row, stored, fixed, dynamic, final, mixed; and more with something
    // in between, be it the end of the message. The one that a message ends with does not count.
    (b"\xc1\x15\0\0\0\xff\xff\0\0\0\xff\xff\0\0\0\xff\xff\0\0\0\xff\xff\0", Ok(&[b""])),
    (b"\xc1\x1a\0\0\0\xff\xff\0\0\0\xff\xff\0\0\0\xff\xff\0\0\0\xff\xff\0\0\0\xff\xff\0", Err(ProtocolError::InvalidDeflate)),
    (b"\xc1\x06\x02\x08\x20\x80\x00\x00", Ok(&[b""])),
    (b"\xc1\x07\x02\x08\x20\x80\x00\x02\x00", Err(ProtocolError::InvalidDeflate)),
    (b"\xc1\x06\x02\x08\x20\x80\x00\x00\xc1\x06\x02\x08\x20\x80\x00\x00", Ok(&[b"", b""])),
    (b"\xc1\x0f\x02\x08\x20\x80\x00\x4a\x04\x00\0\0\xff\xff\x02\x08\x00", Ok(&[b"a"])),
    (b"\xc1\x09\x03\x00\x03\x00\x03\x00\x03\x00\x00", Ok(&[b""])),
    (b"\xc1\x0b\x03\x00\x03\x00\x03\x00\x03\x00\x03\x00\x00", Err(ProtocolError::InvalidDeflate)),
    (b"\xc1\x2e\x04\xc0\x81\x00\x00\x00\x00\x00\x90\xff\x6a\x24\x00\x0e\x04\x00\x00\x00\x00\x80\xfc\x57\x23\x01\x70\x20\x00\x00\x00\x00\x00\xe4\xbf\x1a\x09\x80\x03\x01\x00\x00\x00\x00\x20\xff\xd5\x08", Ok(&[b""])),
    (b"\xc1\x3a\x04\xc0\x81\x00\x00\x00\x00\x00\x90\xff\x6a\x24\x00\x0e\x04\x00\x00\x00\x00\x80\xfc\x57\x23\x01\x70\x20\x00\x00\x00\x00\x00\xe4\xbf\x1a\x09\x80\x03\x01\x00\x00\x00\x00\x20\xff\xd5\x48\x00\x1c\x08\x00\x00\x00\x00\x00\xf9\xaf\x46\x00", Err(ProtocolError::InvalidDeflate)),
    // Cut short: within a block, within a stored one.
    (b"\xc1\x03\xf2\x48\xcd", Err(ProtocolError::InvalidDeflate)),
    (b"\xc1\x07\x00\x05\x00\xfa\xff\x48\x65", Err(ProtocolError::InvalidDeflate)),
];

#[test]
fn rfc7692_s7_2_3_examples_and_faults_at_every_cut() {
    for (wire, expected) in VECTORS {
        for len in 1..=wire.len() {
            for max in [1, 3, usize::MAX] {
                let mut client = client();
                let (messages, _, error) = received(&mut client, wire, len, max);
                match expected {
                    Ok(expected) => {
                        assert_eq!(error, None, "{wire:x?}");
                        assert_eq!(messages, *expected, "{wire:x?}");
                    }
                    Err(expected) => {
                        assert_eq!(error, Some(*expected), "{wire:x?}");
                        let sent = client.sent_close().and_then(Close::code);
                        assert_eq!(sent, Some(expected.close_code()));
                    }
                }
            }
        }
    }
}

/// Where nothing is referred to, the codec is reset for each message, and a short one hardly shrinks.
#[test]
fn a_short_message_is_compressed_only_where_context_is_kept() {
    for (forgets, len, compressed) in [
        (false, 200, true),
        (true, 200, false),
        (true, 511, false),
        (true, 512, true),
    ] {
        let agreed = PerMessageDeflate {
            server_no_context_takeover: forgets,
            ..PerMessageDeflate::default()
        };
        let [_, mut server] = pair(Deflate::new(), &agreed, 0);
        let text = vec![b'a'; len];
        assert_eq!(server.send(DataKind::Text, &text, true), Ok(len));
        let sent = server.counters();
        let counted = (sent.messages_deflated, sent.messages_plain);
        assert_eq!(counted, (compressed.into(), (!compressed).into()), "{len}");
    }
}

#[test]
fn without_agreement_rsv1_is_refused() {
    let mut client =
        Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([5; 32])));
    let (_, _, error) = received(&mut client, VECTORS[0].0, 99, 99);
    assert_eq!(error, Some(ProtocolError::ReservedBits(0b100)));
}

#[test]
fn what_comes_before_a_fault_is_delivered() {
    // Hello, without an end, and then a block of no type.
    let wire = b"\xc1\x0c\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x06";
    for max in [1, 9] {
        let mut client = client();
        let (messages, message, error) = received(&mut client, wire, wire.len(), max);
        assert!(messages.is_empty());
        assert_eq!(message, b"Hello");
        assert_eq!(error, Some(ProtocolError::InvalidDeflate));
    }
}

#[test]
fn a_close_comes_after_what_was_inflated() {
    let mut wire = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\x88\x02\x03\xe9".to_vec();
    let mut input = &mut wire[..];
    let mut client = client();
    let mut text = Vec::new();
    for _ in 0..5 {
        assert_eq!(client.ending(), None);
        let Ok(Some(Event::Data { payload, .. })) = client.recv_up_to(1, &mut input) else {
            panic!()
        };
        text.extend_from_slice(payload.unmask());
    }
    assert_eq!(text, b"Hello");
    assert!(matches!(
        client.recv_up_to(1, &mut input),
        Ok(Some(Event::Close(_)))
    ));
    let close = Close::new(CloseCode::GOING_AWAY, "");
    assert_eq!(client.ending(), Some(Err(StreamError::Closed(close))));
}

#[test]
fn a_gibibyte_of_zeros_comes_at_the_readers_pace() {
    // 16 MiB at a time; the second one refers to the first, so each is 16 KiB.
    let zeros = vec![0; 16 << 20];
    let mut compressor = Compressor::new(9, 15);
    let mut room = vec![0; 1 << 20];
    let [_, mut server] = pair(Deflate::new(), &PerMessageDeflate::default(), 0);
    let mut count = 0u64;
    for _ in 0..64 {
        let mut sink = Sink::new(&mut room);
        assert!(compressor.push(&zeros, &mut sink) && compressor.flush(&mut sink));
        let len = sink.len_without_tail().unwrap();
        let mut wire = vec![0xc2, 0xfe];
        wire.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        wire.extend_from_slice(&[0; 4]);
        wire.extend_from_slice(&room[..len]);
        let mut input = &mut wire[..];
        while let Some(event) = server.recv(&mut input).unwrap() {
            let Event::Data { payload, .. } = event else {
                panic!()
            };
            // The bound is the decompressor's buffer.
            assert!(payload.len() <= 64 << 10);
            count += payload.len() as u64;
        }
    }
    assert_eq!(count, 1 << 30);
    assert_eq!(server.counters().inflated, 1 << 30);
}

#[test]
fn data_that_does_not_compress_goes_plain_and_is_noticed_when_it_does() {
    let [_, mut server] = pair(Deflate::new(), &PerMessageDeflate::default(), 0);
    let mut noise = vec![0; 60_000];
    let mut state = 7u32;
    let mut send = |server: &mut Connection, noisy: bool| {
        for octet in &mut noise {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *octet = if noisy { (state >> 24) as u8 } else { b'a' };
        }
        let before = server.counters();
        assert_eq!(server.send(DataKind::Binary, &noise, true), Ok(noise.len()));
        let after = server.counters();
        server.outbox().consume(usize::MAX);
        // Whatever it is, it is no longer than it was.
        assert!(after.payload_sent - before.payload_sent <= noise.len() as u64);
        after.payload_sent - before.payload_sent < noise.len() as u64
    };
    let shrunk = (0..1000).filter(|_| send(&mut server, true)).count();
    assert_eq!(shrunk, 0);
    let tried = server.counters();
    assert_eq!((tried.messages_deflated, tried.messages_plain), (0, 1000));
    let until = (0..200).find(|_| send(&mut server, false));
    assert!(until.is_some());
    assert!((0..100).all(|_| send(&mut server, false)));
}

#[test]
fn a_codec_is_held_only_while_it_is_needed() {
    let agreed = PerMessageDeflate {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..PerMessageDeflate::default()
    };
    let [mut client, mut server] = pair(Deflate::new(), &agreed, 0);
    let held = |connection: &Connection| {
        let codec = connection.deflate.as_ref().unwrap();
        (
            codec.sending.compressor.is_some(),
            codec.receiving.decompressor.is_some(),
        )
    };
    assert_eq!(held(&client), (false, false));
    let text = [b'a'; 600];
    client.send(DataKind::Binary, &text, true).unwrap();
    assert_eq!(held(&client), (false, false));
    let wire = client.outbox().octets().to_vec();
    assert!(wire.len() < 100);
    let (messages, _, error) = received(&mut server, &wire, 10, 20);
    assert_eq!((messages, error), (vec![text.to_vec()], None));
    assert_eq!(held(&server), (false, false));
}

#[test]
fn it_can_be_switched_off_for_a_part() {
    let [mut client, mut server] = pair(Deflate::new(), &PerMessageDeflate::default(), 0);
    let text = [b'a'; 500];
    for (compress, len) in [(true, 100), (false, 508), (true, 100)] {
        client.compress(compress);
        client.send(DataKind::Binary, &text, true).unwrap();
        let wire = client.outbox().octets().to_vec();
        client.outbox().consume(usize::MAX);
        assert!(
            wire.len() <= len && wire.len() + 100 > len,
            "{}",
            wire.len()
        );
        let (messages, _, error) = received(&mut server, &wire, 10, 20);
        assert_eq!((messages, error), (vec![text.to_vec()], None));
    }
}

/// How a message is cut into pieces is no reason to refer to it where no context is kept: whatever its last
/// piece is, the next message stands alone.
#[test]
fn without_context_takeover_a_message_may_end_with_an_empty_piece() {
    let agreed = PerMessageDeflate {
        server_no_context_takeover: true,
        client_no_context_takeover: true,
        ..PerMessageDeflate::default()
    };
    let text = sample(2000);
    let noise = noise(2000);
    for from_server in [false, true] {
        for last in [&b""[..], b"x", &noise] {
            let [mut client, mut server] = pair(Deflate::new(), &agreed, 0);
            let (from, to) = if from_server {
                (&mut server, &mut client)
            } else {
                (&mut client, &mut server)
            };
            for (piece, end) in [(&text[..], false), (last, true), (&text, true)] {
                assert_eq!(from.send(DataKind::Text, piece, end), Ok(piece.len()));
            }
            let wire = from.outbox().octets().to_vec();
            let (messages, _, error) = received(to, &wire, 99, 99);
            assert_eq!(error, None, "{}", last.len());
            assert!(messages == [[&text, last].concat(), text.clone()]);
            let sent = from.counters();
            assert_eq!(sent.messages_deflated + sent.messages_plain, 2);
            assert!(from.codec().unwrap().sending.compressor.is_none());
        }
    }
}

pub(super) fn agreement() -> impl Strategy<Value = PerMessageDeflate> {
    let bits = || proptest::option::of(8u8..=15);
    (any::<bool>(), any::<bool>(), bits(), bits()).prop_map(
        |(server, client, from_server, from_client)| PerMessageDeflate {
            server_no_context_takeover: server,
            client_no_context_takeover: client,
            server_max_window_bits: from_server,
            client_max_window_bits: from_client,
        },
    )
}

/// A message: what it is of, how long, in pieces of what length it is sent.
fn message() -> impl Strategy<Value = (u8, usize, usize)> {
    (
        0..4u8,
        prop_oneof![0..200usize, 0..20_000usize, 60_000..80_000usize],
        1..40_000usize,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What goes in comes out, whatever was agreed on, in any cut, from both roles; the reference, which is
    /// nothing of ours, makes the same of it.
    #[test]
    fn what_goes_in_comes_out(
        agreed in agreement(),
        level in 1..=9u8,
        frame in prop_oneof![Just(0usize), 1..200usize, 200..70_000usize],
        from_server: bool,
        messages in proptest::collection::vec(message(), 1..8),
        cut in prop_oneof![1..50usize, 50..70_000usize],
        max in prop_oneof![1..50usize, 50..70_000usize],
    ) {
        let [mut client, mut server] = pair(Deflate::new().level(level), &agreed, frame);
        let (from, to) = if from_server { (&mut server, &mut client) } else { (&mut client, &mut server) };
        let data = sample(80_000);
        let noise = noise(80_000);
        for (of, len, piece) in messages {
            let expected = match of {
                0 => noise[..len].to_vec(),
                1 => [&noise[..len / 2], &data[..len - len / 2]].concat(),
                _ => data[..len].to_vec(),
            };
            let (mut messages, mut part) = (Vec::new(), Vec::new());
            let mut rest = &expected[..];
            loop {
                let now = rest.len().min(piece);
                let count = from.send(DataKind::Binary, &rest[..now], now == rest.len()).unwrap();
                let ended = count == rest.len() && now == rest.len() && (count > 0 || from.sending.is_none());
                rest = &rest[count..];
                let wire = from.outbox().octets().to_vec();
                from.outbox().consume(usize::MAX);
                prop_assert!(wire.len() <= Connection::OUTBOX_LEN);
                let (more, rest_of_it, error) = received(to, &wire, cut, max);
                messages.extend(more);
                part.extend(rest_of_it);
                prop_assert_eq!(error, None);
                if ended {
                    break;
                }
            }
            let last = messages.pop().unwrap_or_default();
            prop_assert!(messages.is_empty());
            let whole = [part, last].concat();
            prop_assert_eq!(whole, expected);
        }
    }

    /// Any octets as a message: the same however they are cut and read, and never a panic.
    #[test]
    fn any_octets(
        mut payload: Vec<u8>, valid in 0..3000usize, flip: prop::sample::Index, cut in 1..40usize, max in 1..40usize,
    ) {
        if payload.len() % 2 == 0 {
            payload = compressed(6, 15, &sample(valid), &[1000]);
            let at = flip.index(payload.len());
            payload[at] ^= 0x41;
        }
        payload.truncate(60_000);
        let mut wire = vec![0xc2, 0x7e];
        wire.extend_from_slice(&u16::try_from(payload.len().max(126)).unwrap().to_be_bytes());
        payload.resize(payload.len().max(126), 0);
        wire.extend_from_slice(&payload);
        let whole = received(&mut client(), &wire, wire.len(), usize::MAX);
        prop_assert_eq!(received(&mut client(), &wire, cut, max), whole);
    }
}
