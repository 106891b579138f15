//! Byte streams in the subprotocol `base64`.

use arbitrary::Unstructured;
use wsstream_core::{
    ByteStream, ConnectionConfig, Connection, Encoding, Header, Opcode, ProtocolError, Role, StreamError,
};

use crate::input::{cut, machine, octet, octets, one_by_one, push_frame};
use crate::work::call;

/// Any texts in any fragments give the octets, and the fault, that a plain reading of RFC 4648 gives,
/// wherever the wire is cut and however much room the reader has. What is written comes back.
///
/// Input: flags (1: a server; 2: letters only), the room, the number of cuts, their lengths, and the
/// messages' text, in which the octets below 3 are signs: 0 ends a message, 1 a fragment, and 2 also,
/// with a ping behind it.
pub(crate) fn base64(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let flags = octet(&mut input);
    let role = if flags & 1 == 0 {
        Role::Client
    } else {
        Role::Server
    };
    let room = usize::from(octet(&mut input)).max(1);
    let cuts = octets(&mut input);
    let text: Vec<u8> = input
        .take_rest()
        .iter()
        .map(|&octet| if flags & 2 == 0 { octet } else { letter(octet) })
        .collect();

    let wire = wire(role, &text);
    let expected = decode(&text);
    for parts in [vec![&wire[..]], one_by_one(&wire), cut(&wire, cuts)] {
        for room in [room, 1, 64] {
            assert_eq!(read(role, &parts, room), expected);
        }
    }
    round_trip(data, room);
}

/// Makes valid texts likely.
const fn letter(octet: u8) -> u8 {
    match octet {
        0..=2 => octet,
        0xfc.. => b'=',
        _ => ALPHABET[(octet & 63) as usize],
    }
}

fn wire(to: Role, text: &[u8]) -> Vec<u8> {
    let (mut wire, mut first, mut rest) = (Vec::new(), true, text);
    loop {
        let sign = rest.iter().position(|&octet| octet < 3);
        let (piece, after) = rest.split_at(sign.unwrap_or(rest.len()));
        let fin = after.first() == Some(&0);
        let opcode = if first {
            Opcode::Text
        } else {
            Opcode::Continuation
        };
        push_frame(&mut wire, to, (fin, false), opcode, piece);
        let Some((sign, after)) = after.split_first() else {
            return wire;
        };
        if *sign == 2 {
            push_frame(&mut wire, to, (true, false), Opcode::Ping, b"aGk=");
        }
        first = fin;
        rest = after;
    }
}

pub(crate) type Read = (Vec<u8>, Option<ProtocolError>);

fn read(role: Role, parts: &[&[u8]], room: usize) -> Read {
    let mut connection = machine(role, ConnectionConfig::new());
    let mut stream = ByteStream::new(Encoding::Base64);
    let (mut all, mut out) = (Vec::new(), vec![0; room]);
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        loop {
            call();
            let count = stream.read(&mut connection, &mut input, &mut out);
            if count == 0 {
                break;
            }
            all.extend_from_slice(&out[..count]);
        }
        assert!(input.is_empty());
        assert!(connection.outbox().len() <= Connection::OUTBOX_LEN);
        connection.outbox().consume(usize::MAX);
    }
    match connection.ending() {
        Some(Err(StreamError::Protocol(error))) => (all, Some(error)),
        ending => {
            assert_eq!(ending, None);
            (all, None)
        }
    }
}

/// The model: groups of four letters, the last of a message perhaps padded. What is not ended is
/// not a fault yet.
pub(crate) fn decode(text: &[u8]) -> Read {
    let mut out = Vec::new();
    let fault = Some(ProtocolError::InvalidBase64);
    let mut messages = text.split(|&octet| octet == 0).peekable();
    while let Some(message) = messages.next() {
        let ended = messages.peek().is_some();
        let letters: Vec<u8> = message.iter().copied().filter(|&octet| octet > 2).collect();
        let mut padded = false;
        for group in letters.chunks(4) {
            if padded || (group.len() < 4 && ended) {
                return (out, fault);
            }
            if group.len() < 4 {
                break;
            }
            let letters = group.iter().position(|&letter| letter == b'=').unwrap_or(4);
            let values: Option<Vec<u32>> = group[..letters]
                .iter()
                .map(|&letter| value(letter))
                .collect();
            padded = letters < 4;
            let (Some(values), 2.., true) = (
                values,
                letters,
                group[letters..].iter().all(|&letter| letter == b'='),
            ) else {
                return (out, fault);
            };
            let bits =
                values.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - letters));
            let octets = bits.to_be_bytes();
            // §3.5: bits that no octet takes must be zero.
            if octets[letters..].iter().any(|&octet| octet != 0) {
                return (out, fault);
            }
            out.extend_from_slice(&octets[1..letters]);
        }
    }
    (out, None)
}

fn value(letter: u8) -> Option<u32> {
    let at = ALPHABET.iter().position(|&other| other == letter)?;
    u32::try_from(at).ok()
}

/// `data` as the stream's octets, in frames of `fragment` letters.
fn round_trip(data: &[u8], fragment: usize) {
    let mut server = machine(Role::Server, ConnectionConfig::new().auto_fragment(fragment));
    let mut stream = ByteStream::new(Encoding::Base64);
    let (mut rest, mut wire) = (data, Vec::new());
    while !rest.is_empty() {
        let count = stream.write(&mut server, rest).unwrap();
        assert!(count > 0);
        rest = &rest[count..];
        let outbox = server.outbox();
        assert!(outbox.len() <= Connection::OUTBOX_LEN);
        wire.extend_from_slice(outbox.octets());
        outbox.consume(usize::MAX);
    }
    let (mut text, mut frames) = (Vec::new(), &wire[..]);
    while let Some((header, len)) = Header::parse(frames).unwrap() {
        let (payload, after) = frames[len..].split_at(usize::try_from(header.len).unwrap());
        assert!((1..=fragment).contains(&payload.len()));
        text.extend_from_slice(payload);
        if header.fin {
            text.push(0);
        }
        frames = after;
    }
    assert_eq!(decode(&text), (data.to_vec(), None));
    assert_eq!(
        read(Role::Client, &[&wire], fragment),
        (data.to_vec(), None)
    );
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
