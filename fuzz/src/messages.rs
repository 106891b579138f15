//! Whole messages.

use arbitrary::Unstructured;
use wsstream_core::{
    Assembler, ConnectionConfig, Connection, DataKind, Event, Message, ProtocolError, Role, StreamError,
};

use crate::input::{cut, machine, octet, octets, one_by_one};
use crate::work::call;

/// The messages and the fault of any wire are those that a plain reading finds, wherever it is cut.
///
/// Input: the role (odd: server), the longest message, the number of cuts, their lengths, and the wire.
pub(crate) fn messages(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let role = match octet(&mut input) % 2 {
        0 => Role::Client,
        _ => Role::Server,
    };
    let max = usize::from(octet(&mut input));
    let cuts = octets(&mut input);
    let wire = input.take_rest();
    let expected = read(role, wire, max);
    for parts in [vec![wire], one_by_one(wire), cut(wire, cuts)] {
        assert_eq!(assemble(role, &parts, max), expected);
    }
}

/// Messages, and how they ended.
type Assembled = (Vec<Message>, Option<Result<(), StreamError>>);

fn assemble(role: Role, parts: &[&[u8]], max: usize) -> Assembled {
    let mut connection = machine(role, ConnectionConfig::new().max_message(max));
    let (mut assembler, mut messages) = (Assembler::new(), Vec::new());
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        while let Some(message) = assembler.recv(&mut connection, &mut input) {
            call();
            assert!(message.as_bytes().len() <= max);
            messages.push(message);
        }
        // What lies behind a fault need not be taken, as it is never looked at.
        assert!(input.is_empty() || connection.ending().is_some());
        assert!(connection.outbox().len() <= Connection::OUTBOX_LEN);
    }
    (messages, connection.ending())
}

/// The model: collects first, and checks each message octet by octet.
fn read(role: Role, wire: &[u8], max: usize) -> Assembled {
    let mut connection = machine(role, ConnectionConfig::new());
    let mut wire = wire.to_vec();
    let mut input = &mut wire[..];
    let (mut messages, mut held) = (Vec::new(), Vec::new());
    loop {
        call();
        match connection.recv(&mut input) {
            Ok(Some(Event::Data { kind, payload, end })) => {
                held.extend_from_slice(payload.unmask());
                if let Some(error) = fault(kind, &held, end, max) {
                    return (messages, Some(Err(StreamError::Protocol(error))));
                }
                if end {
                    let octets = core::mem::take(&mut held);
                    messages.push(match kind {
                        DataKind::Text => Message::Text(String::from_utf8(octets).unwrap()),
                        DataKind::Binary => Message::Binary(octets.into()),
                    });
                }
            }
            Ok(Some(_)) | Err(_) => {}
            Ok(None) => return (messages, connection.ending()),
        }
    }
}

/// The first fault in what there is of a message.
fn fault(kind: DataKind, octets: &[u8], end: bool, max: usize) -> Option<ProtocolError> {
    let fits = &octets[..octets.len().min(max)];
    let too_long = octets.len() > max;
    let bad_text = match core::str::from_utf8(fits) {
        Err(error) => error.error_len().is_some() || (end && !too_long),
        Ok(_) => false,
    };
    if kind == DataKind::Text && bad_text {
        Some(ProtocolError::InvalidUtf8)
    } else {
        too_long.then_some(ProtocolError::MessageTooLong(max))
    }
}
