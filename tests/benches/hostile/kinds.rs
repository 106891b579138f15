//! What is sent: honest data, every hostile kind that is known, and every kind of small frame.

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_core::{ConnectionConfig, DataKind, Deflate, Mask, Opcode};

use crate::bits::Bits;
use crate::machine;

/// What a client sends.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// What it asks for.
    pub(crate) client: ClientConfig,
    /// Whether it makes the server answer: a server of messages sends each of them back.
    pub(crate) echo: bool,
    pub(crate) wire: Vec<u8>,
}

/// Octets of a hostile kind, about: more than a receive buffer, so that they come in full reads.
const WIRE: usize = 256 << 10;

/// The first two are honest: compressed JSON.
pub(crate) fn all() -> Vec<Kind> {
    let plain = || ClientConfig::stream();
    let asking =
        |deflate: Deflate| ClientConfig::stream().config(ConnectionConfig::new().deflate(deflate));
    let forgetting = || asking(Deflate::new().context_takeover(false));
    let demanding = || asking(Deflate::new().peer_context_takeover(false));
    let text = &json()[..130];
    let mut kinds = vec![
        kind("JSON, 4 KiB", plain(), honest(4 << 10)),
        kind("JSON, 64 KiB", plain(), honest(64 << 10)),
        kind("zeros, compressed", plain(), zeros()),
        kind(
            "JSON, a frame an octet",
            plain(),
            in_frames(&honest(4 << 10)),
        ),
    ];
    for (name, blocks) in blocks() {
        kinds.push(kind(name, plain(), one_message(&blocks)));
    }
    let a = b"\x4a\x04\x00";
    for (name, client, unit) in [
        ("deflated 1 B", plain(), frame(0xc2, a)),
        ("deflated 1 B, no context", forgetting(), frame(0xc2, a)),
        ("deflated 0 B", plain(), frame(0xc2, b"\x00")),
        (
            "deflated 0 B, no context",
            forgetting(),
            frame(0xc2, b"\x00"),
        ),
        (
            "4 fixed empty, a message",
            plain(),
            frame(0xc2, b"\x02\x08\x20\x80\x00\x00"),
        ),
        ("ping, 0 B", plain(), frame(0x89, b"")),
        ("ping, 1 B", plain(), frame(0x89, b"1")),
        ("ping, 125 B", plain(), frame(0x89, &[1; 125])),
        ("pong, 0 B", plain(), frame(0x8a, b"")),
        ("pong, 125 B", plain(), frame(0x8a, &[1; 125])),
        ("empty messages", plain(), frame(0x82, b"")),
        ("messages, 1 B", plain(), frame(0x82, b"1")),
        ("messages, 125 B", plain(), frame(0x82, &[1; 125])),
    ] {
        kinds.push(kind(name, client, repeat(&unit)));
    }
    for (name, unit) in [("empty fragments", &b""[..]), ("fragments, 1 B", b"1")] {
        let wire = [frame(0x02, b"1"), repeat(&frame(0x00, unit))].concat();
        kinds.push(kind(name, plain(), wire));
    }
    for (name, client, wire) in [
        ("echo: JSON, 4 KiB", plain(), honest(4 << 10)),
        ("echo: 130 B", plain(), repeat(&frame(0x82, text))),
        (
            "echo: 130 B, no context",
            demanding(),
            repeat(&frame(0x82, text)),
        ),
        (
            "echo: 1 KiB, no context",
            demanding(),
            repeat(&frame(0x82, &json()[..1 << 10])),
        ),
    ] {
        kinds.push(Kind {
            echo: true,
            ..kind(name, client, wire)
        });
    }
    kinds
}

fn kind(name: &'static str, client: ClientConfig, mut wire: Vec<u8>) -> Kind {
    wire.extend(frame(0x88, &1000u16.to_be_bytes()));
    Kind {
        name,
        client,
        echo: false,
        wire,
    }
}

/// What adds a block.
type Block = fn(&mut Bits);

/// Deflate blocks, for the middle of a message; each is whole octets.
fn blocks() -> Vec<(&'static str, Vec<u8>)> {
    let units: [(_, Block); 9] = [
        ("stored empty", |bits| bits.stored(false, b"")),
        ("stored 1 B", |bits| bits.stored(false, b"a")),
        ("fixed empty", |bits| bits.fixed(false, b"")),
        ("fixed 1 B", |bits| bits.fixed(false, b"a")),
        ("final, fixed empty", |bits| bits.fixed(true, b"")),
        ("final, fixed 1 B", |bits| bits.fixed(true, b"a")),
        ("dynamic empty", |bits| bits.dynamic(false, 0)),
        ("dynamic 1 B", |bits| bits.dynamic(false, 1)),
        ("final, dynamic 1 B", |bits| bits.dynamic(true, 1)),
    ];
    let mut blocks: Vec<_> = units
        .into_iter()
        .map(|(name, unit)| (name, many(unit)))
        .collect();
    blocks.push((
        "4 fixed empty, fixed 1 B",
        many(|bits| {
            (0..4).for_each(|_| bits.fixed(false, b""));
            bits.fixed(false, b"a");
        }),
    ));
    blocks.push((
        "4 dynamic empty, fixed 1 B",
        many(|bits| {
            (0..4).for_each(|_| bits.dynamic(false, 0));
            bits.fixed(false, b"a");
        }),
    ));
    blocks
}

fn many(unit: impl Fn(&mut Bits)) -> Vec<u8> {
    let mut bits = Bits::default();
    while bits.len() < WIRE {
        unit(&mut bits);
    }
    bits.octets()
}

/// A message that does not end, in frames of 4 KiB.
fn one_message(payload: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for (number, piece) in payload.chunks(4 << 10).enumerate() {
        wire.extend(frame(if number == 0 { 0x42 } else { 0x00 }, piece));
    }
    wire
}

/// The same messages, each octet of payload in a frame.
fn in_frames(wire: &[u8]) -> Vec<u8> {
    let mut wire = wire[..wire.len().min(WIRE / 4)].to_vec();
    let (mut input, mut decoder) = (&mut wire[..], wsstream_core::Decoder::new());
    let (mut frames, mut begins) = (Vec::new(), true);
    while let Ok(Some(chunk)) = decoder.decode(&mut input) {
        let end = chunk.header.fin && chunk.last;
        let payload = chunk.payload.unmask();
        for (at, octet) in payload.iter().enumerate() {
            let fin = end && at + 1 == payload.len();
            let first = u8::from(fin) << 7 | if begins { 0x42 } else { 0 };
            frames.extend(frame(first, &[*octet]));
            begins = fin;
        }
    }
    frames
}

fn repeat(unit: &[u8]) -> Vec<u8> {
    unit.repeat(WIRE.div_ceil(unit.len()))
}

/// A client's frame, with any first octet.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut header = wsstream_core::Header::new(Opcode::Binary, payload.len() as u64);
    header.mask = Some(key);
    let mut wire = header.encode().to_vec();
    wire[0] = first;
    let mut payload = payload.to_vec();
    Mask::new(key).apply(&mut payload);
    wire.extend(payload);
    wire
}

/// JSON in messages of so many octets, as our own client compresses them.
fn honest(len: usize) -> Vec<u8> {
    compressed(&json(), len)
}

fn zeros() -> Vec<u8> {
    compressed(&vec![0; 16 << 20], 64 << 10)
}

fn compressed(data: &[u8], len: usize) -> Vec<u8> {
    let (mut client, _) = machine::pair(&ClientConfig::stream(), &ServerConfig::stream());
    let mut wire = Vec::new();
    for mut message in data.chunks(len) {
        while !message.is_empty() {
            let sent = client.send(DataKind::Binary, message, true).unwrap();
            wire.extend_from_slice(client.outbox().octets());
            client.outbox().consume(usize::MAX);
            message = &message[sent..];
        }
    }
    wire
}

fn json() -> Vec<u8> {
    let (_, make) = crate::data::KINDS
        .iter()
        .find(|(name, _)| *name == "JSON lines")
        .unwrap();
    make(4 << 20)
}
