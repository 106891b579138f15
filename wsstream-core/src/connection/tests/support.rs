//! The language the stories are told in.

use alloc::vec::Vec;
use core::time::Duration;

use crate::connection::Connection;
use crate::role::Role;
pub(super) use crate::test_kit::{
    Pair, ROLES, Seen, at_every_cut, connection, data, other, push, recv, recv_up_to,
};
use crate::{Close, CloseCode, DataKind, Decoder, Header, Mask, StreamError};

pub(super) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(super) fn text(text: &str, end: bool) -> Seen {
    Seen::Data(DataKind::Text, text.as_bytes().to_vec(), end)
}

pub(super) fn binary(octets: &[u8], end: bool) -> Seen {
    Seen::Data(DataKind::Binary, octets.to_vec(), end)
}

pub(super) fn ping(payload: &[u8]) -> Seen {
    Seen::Ping(payload.to_vec())
}

pub(super) fn pong(payload: &[u8]) -> Seen {
    Seen::Pong(payload.to_vec())
}

/// A Close with a code, or 0 for none.
pub(super) fn close(code: u16) -> Close {
    CloseCode::new(code).map_or_else(Close::default, |code| Close::new(code, ""))
}

pub(super) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame with any first octet, masked if it comes from a client.
pub(super) fn frame(from: Role, first: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(crate::Opcode::Binary, payload.len() as u64);
    let mut payload = payload.to_vec();
    if from == Role::Client {
        header.mask = Some(KEY);
        Mask::new(KEY).apply(&mut payload);
    }
    let mut wire = header.encode().to_vec();
    wire[0] = first;
    wire.extend_from_slice(&payload);
    wire
}

pub(super) fn close_frame(from: Role, code: u16) -> Vec<u8> {
    match code {
        0 => frame(from, 0x88, b""),
        code => frame(from, 0x88, &code.to_be_bytes()),
    }
}

/// Frames on a wire: the first octet and the payload.
pub(super) fn frames(octets: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut octets, mut frames) = (octets.to_vec(), Vec::<(u8, Vec<u8>)>::new());
    let (mut input, mut decoder) = (&mut octets[..], Decoder::new());
    let mut whole = true;
    while let Some(chunk) = decoder.decode(&mut input).unwrap() {
        if chunk.first {
            frames.push((chunk.header.encode()[0], Vec::new()));
        }
        whole = chunk.last;
        let frame = frames.last_mut().unwrap();
        frame.1.extend_from_slice(chunk.payload.unmask());
    }
    assert!(whole && !decoder.is_inside_header(), "whole frames only");
    frames
}

/// Writes the outbox, and tells what was in it.
pub(super) fn sent(connection: &mut Connection) -> Vec<(u8, Vec<u8>)> {
    let mut octets = Vec::new();
    while !connection.outbox().is_empty() {
        octets.extend_from_slice(connection.outbox().octets());
        connection.outbox().consume(usize::MAX);
    }
    frames(&octets)
}

/// Everything that can be asked about how a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) ending: Option<Result<(), StreamError>>,
    pub(super) over: bool,
    pub(super) shutdown: bool,
    pub(super) can_send: bool,
}

pub(super) fn state(connection: &Connection) -> State {
    State {
        ending: connection.ending(),
        over: connection.is_over(),
        shutdown: connection.wants_shutdown(),
        can_send: connection.can_send(),
    }
}
