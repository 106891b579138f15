//! Frames by hand.

use wsstream_core::{Decoder, Header, Mask, Opcode, Role};

pub(super) fn close_payload(code: u16) -> Vec<u8> {
    code.to_be_bytes().to_vec()
}

/// A frame from this role.
pub(super) fn frame(from: Role, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut header = Header::new(opcode, payload.len() as u64);
    let mut payload = payload.to_vec();
    if from == Role::Client {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        header.mask = Some(key);
        Mask::new(key).apply(&mut payload);
    }
    [&header.encode(), &payload[..]].concat()
}

/// The frames in what was sent.
pub(super) fn frames(octets: &[u8]) -> Vec<(Opcode, Vec<u8>)> {
    let mut octets = octets.to_vec();
    let mut input = &mut octets[..];
    let mut decoder = Decoder::new();
    let mut frames: Vec<(Opcode, Vec<u8>)> = Vec::new();
    while let Some(chunk) = decoder.decode(&mut input).unwrap() {
        if chunk.first {
            frames.push((chunk.header.opcode, Vec::new()));
        }
        let (_, payload) = frames.last_mut().unwrap();
        payload.extend_from_slice(chunk.payload.unmask());
    }
    assert!(input.is_empty());
    frames
}
