//! What the properties share: taking inputs apart, and making wires.
//!
//! Inputs are taken from front to back, one octet for a small number and two for a large one, so that
//! a corpus can be written by hand.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use wsstream_core::handshake::ClientConfig;
use wsstream_core::test_kit::negotiated;
use wsstream_core::{
    Connection, ConnectionConfig, Header, Mask, Opcode, PerMessageDeflate, Role, Seed,
};

use crate::work::call;

/// Of every client.
pub(crate) const SEED: Seed = Seed::new([7; 32]);

/// One octet; 0 when there are none left.
pub(crate) fn octet(input: &mut Unstructured<'_>) -> u8 {
    input.arbitrary().unwrap_or(0)
}

/// A number up to 65535.
pub(crate) fn number(input: &mut Unstructured<'_>) -> usize {
    usize::from(u16::from_be_bytes([octet(input), octet(input)]))
}

/// As many octets as the next one says, or what is left.
pub(crate) fn octets<'a>(input: &mut Unstructured<'a>) -> &'a [u8] {
    let len = usize::from(octet(input)).min(input.len());
    input.bytes(len).unwrap_or_default()
}

/// A wire, cut into parts of these lengths, over and over. A part may be empty in the first round; further
/// rounds leave those out, so that there are no more parts than the wire and the lengths are long.
pub(crate) fn cut<'a>(wire: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let (mut parts, mut rest) = (Vec::new(), wire);
    if lengths.iter().any(|&len| len > 0) {
        let further = lengths.iter().filter(|&&len| len > 0).cycle();
        for &len in lengths.iter().chain(further) {
            if rest.is_empty() {
                break;
            }
            let (part, after) = rest.split_at(usize::from(len).min(rest.len()));
            parts.push(part);
            rest = after;
        }
    }
    parts.push(rest);
    parts
}

/// Each octet alone.
pub(crate) fn one_by_one(wire: &[u8]) -> Vec<&[u8]> {
    wire.chunks(1).collect()
}

/// What a machine of the opening handshake makes of these parts, and what it leaves of them.
pub(crate) fn feed<T, E>(
    parts: &[&[u8]],
    mut receive: impl FnMut(&mut &[u8]) -> Result<Option<T>, E>,
) -> (Result<Option<T>, E>, Vec<u8>) {
    let mut parts = parts.iter();
    while let Some(mut part) = parts.next().copied() {
        call();
        match receive(&mut part) {
            Ok(None) => assert!(part.is_empty(), "waits for more and leaves some"),
            Err(error) => return (Err(error), Vec::new()),
            result => {
                let rest = core::iter::once(part).chain(parts.copied());
                return (result, rest.flatten().copied().collect());
            }
        }
    }
    (Ok(None), Vec::new())
}

/// A machine for one end.
pub(crate) fn machine(role: Role, config: ConnectionConfig) -> Connection {
    match role {
        Role::Client => Connection::without_extensions(config, Some(&SEED)),
        Role::Server => Connection::without_extensions(config, None),
    }
}

/// A machine that does half close and compresses, if that was agreed on.
pub(crate) fn agreeing(
    role: Role,
    config: ConnectionConfig,
    half_close: bool,
    deflate: Option<&PerMessageDeflate>,
) -> Connection {
    negotiated(role, config, half_close, deflate)
}

/// What a server may have agreed to: two octets, for the parameters of the server and of the client. 0 is
/// none; 1 no context takeover, the rest the window.
pub(crate) fn agreed(input: &mut Unstructured<'_>) -> PerMessageDeflate {
    let mut answer = String::from("permessage-deflate");
    for end in ["server", "client"] {
        let octet = octet(input);
        if octet & 1 != 0 {
            answer.push_str(&format!("; {end}_no_context_takeover"));
        }
        if let bits @ 8..=15 = octet >> 1 & 15 {
            answer.push_str(&format!("; {end}_max_window_bits={bits}"));
        }
    }
    permessage_deflate(&answer)
}

/// What this answer of a server agrees to.
pub(crate) fn permessage_deflate(answer: &str) -> PerMessageDeflate {
    let fields = [("Sec-WebSocket-Extensions", answer.as_bytes())];
    let client = ClientConfig::stream().accept_no_subprotocol(true);
    let confirmed = client.confirm(fields, &SEED).unwrap();
    *confirmed.agreed().deflate().unwrap()
}

/// Appends a frame for the end in this role, which demands a mask or none.
pub(crate) fn push_frame(
    wire: &mut Vec<u8>,
    to: Role,
    (fin, rsv1): (bool, bool),
    opcode: Opcode,
    payload: &[u8],
) {
    let mask = (to == Role::Server).then_some([0x37, 0xfa, 0x21, 0x3d]);
    let header = Header {
        fin,
        rsv1,
        mask,
        ..Header::new(opcode, payload.len() as u64)
    };
    wire.extend_from_slice(&header.encode());
    let at = wire.len();
    wire.extend_from_slice(payload);
    mask.map_or(Mask::NONE, Mask::new).apply(&mut wire[at..]);
}

/// A stream's octets from this place on; neighbours, and octets a power of two apart, differ, but for blocks
/// that can be compressed.
pub(crate) fn patterns(at: usize, len: usize) -> &'static [u8] {
    static STREAM: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let mixed = |at: u64| {
            let at = if at >> 10 & 3 == 0 { at >> 5 } else { at };
            at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0]
        };
        (0..BUDGET as u64).map(mixed).collect()
    });
    &STREAM[at..at + len]
}

/// Octets that have arrived and wait to be received.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    octets: Vec<u8>,
    at: usize,
}

impl Unread {
    /// To append to.
    pub(crate) const fn arrived(&mut self) -> &mut Vec<u8> {
        &mut self.octets
    }

    pub(crate) fn rest(&mut self) -> &mut [u8] {
        &mut self.octets[self.at..]
    }

    pub(crate) const fn len(&self) -> usize {
        self.octets.len() - self.at
    }

    /// Takes octets off the front.
    pub(crate) fn consume(&mut self, count: usize) {
        self.at += count;
        if self.len() == 0 {
            self.octets.clear();
            self.at = 0;
        }
    }

    /// Leaves so many octets.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.octets.truncate(self.at + len);
    }
}

/// The most octets that a run sends in one direction, in frames of up to `fragment` (0: any): enough to
/// fill the outbox where frames are large, and few enough frames to be quick where they are not.
pub(crate) const fn budget(fragment: usize) -> usize {
    match fragment {
        0 => BUDGET,
        _ if fragment < BUDGET >> 10 => fragment << 10,
        _ => BUDGET,
    }
}

const BUDGET: usize = 160 << 10;
