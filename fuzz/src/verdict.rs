//! Which wires are accepted, beside another implementation: tungstenite.

use std::io::{self, Read, Write};

use ::tungstenite::error::ProtocolError as TheirError;
use ::tungstenite::protocol::{Role as TheirRole, WebSocketConfig};
use ::tungstenite::{Error, Message as Theirs, WebSocket};
use arbitrary::Unstructured;
use wsstream_core::{Assembler, ConnectionConfig, Message, ProtocolError, Role, StreamError};

use crate::input::{cut, machine, octet, octets};
use crate::work::call;

/// Of any frames, tungstenite makes the messages and the verdict that we do, but for what is listed at
/// [`stricter`]. The wire is made so that it ends with whole frames and a Close.
///
/// Input: the role (odd: server), the number of cuts, their lengths, and frames: the first octet as it is
/// on the wire, one that says how the length is written (1: in 2 octets, 2: in 8) and whether the mask is
/// wrong (4), the length and the payload.
pub(crate) fn verdict(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let role = match octet(&mut input) % 2 {
        0 => Role::Client,
        _ => Role::Server,
    };
    let cuts = octets(&mut input);
    let (mut wire, mut inside) = (Vec::new(), false);
    while !input.is_empty() {
        let (first, how) = (octet(&mut input), octet(&mut input));
        push(&mut wire, role, first, how, octets(&mut input));
        if first & 8 == 0 {
            inside = first & 0x80 == 0;
        }
    }
    // What is not complete is not judged alike: we refuse text at its first bad octet.
    if inside {
        push(&mut wire, role, 0x80, 0, b"");
    }
    push(&mut wire, role, 0x88, 0, b"\x03\xe8");

    let (ours, fault) = ours(role, &wire, cuts);
    let (theirs, refused) = theirs(role, &wire);
    if fault.is_some_and(stricter) {
        assert!(theirs.starts_with(&ours), "{ours:?}, {theirs:?}");
    } else {
        assert_eq!(fault.is_some(), refused, "{fault:?}");
        assert!(ours == theirs, "{fault:?}");
    }
}

/// Where we refuse and tungstenite goes on, on purpose. There is nothing that we accept and it does not.
const fn stricter(fault: ProtocolError) -> bool {
    matches!(
        fault,
        // RFC 6455 §5.2: the minimal number of octets must be used, by control frames one. It does not look.
        ProtocolError::LengthNotMinimal
            | ProtocolError::ControlTooLong
            // §7.4: it answers such a code with 1002, and tells the application of a Close.
            | ProtocolError::InvalidCloseCode(_)
    )
}

fn push(wire: &mut Vec<u8>, to: Role, first: u8, how: u8, payload: &[u8]) {
    let masked = (to == Role::Server) != (how & 4 != 0);
    let mask = u8::from(masked) << 7;
    // `octets` gives 255 at most.
    let len = u8::try_from(payload.len()).unwrap_or(u8::MAX);
    wire.push(first);
    match how & 3 {
        0 | 3 if len < 126 => wire.push(mask | len),
        2 => {
            wire.push(mask | 127);
            wire.extend_from_slice(&u64::from(len).to_be_bytes());
        }
        _ => {
            wire.push(mask | 126);
            wire.extend_from_slice(&u16::from(len).to_be_bytes());
        }
    }
    let key = [0x37, 0xfa, 0x21, 0x3d];
    if masked {
        wire.extend_from_slice(&key);
        let masked = payload.iter().zip(key.iter().cycle());
        wire.extend(masked.map(|(octet, key)| octet ^ key));
    } else {
        wire.extend_from_slice(payload);
    }
}

/// Our messages, and the fault.
fn ours(role: Role, wire: &[u8], cuts: &[u8]) -> (Vec<Message>, Option<ProtocolError>) {
    let mut connection = machine(role, ConnectionConfig::new());
    let (mut assembler, mut messages) = (Assembler::new(), Vec::new());
    for part in cut(wire, cuts) {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        while let Some(message) = assembler.recv(&mut connection, &mut input) {
            call();
            messages.push(message);
        }
        call();
    }
    match connection.ending().unwrap() {
        Err(StreamError::Protocol(error)) => (messages, Some(error)),
        _ => (messages, None),
    }
}

/// A wire that is read, and that takes anything.
struct Wire<'a>(&'a [u8]);

impl Read for Wire<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Its messages, and whether it refuses.
fn theirs(role: Role, wire: &[u8]) -> (Vec<Message>, bool) {
    let role = match role {
        Role::Client => TheirRole::Client,
        Role::Server => TheirRole::Server,
    };
    let config = WebSocketConfig::default().read_buffer_size(512);
    let mut socket = WebSocket::from_raw_socket(Wire(wire), role, Some(config));
    let mut messages = Vec::new();
    loop {
        call();
        match socket.read() {
            Ok(Theirs::Text(text)) => messages.push(Message::Text(text.as_str().to_owned())),
            Ok(Theirs::Binary(octets)) => messages.push(Message::Binary(octets)),
            Ok(Theirs::Close(_)) => return (messages, false),
            Ok(_) => {}
            Err(Error::Protocol(TheirError::ResetWithoutClosingHandshake)) => {
                unreachable!("waits for more")
            }
            Err(_) => return (messages, true),
        }
    }
}
