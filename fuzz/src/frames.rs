//! Headers and the decoder, below the rules of a connection.

use arbitrary::Unstructured;
use wsstream_core::{Decoder, Header, ProtocolError};

use crate::input::{cut, octets, one_by_one};
use crate::work::call;

/// A header that parses encodes to the octets it came from, and is refused or accepted whatever
/// follows. The decoder makes of any wire, cut anywhere, what a plain reading of the RFC makes of it.
///
/// Input: the number of cuts, their lengths, and the wire.
pub(crate) fn frames(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let cuts = octets(&mut input);
    let wire = input.take_rest();
    header(wire);
    let expected = read(wire);
    assert_eq!(decode(&[wire], false), expected);
    assert_eq!(decode(&one_by_one(wire), false), expected);
    assert_eq!(decode(&cut(wire, cuts), true), expected);
}

fn header(wire: &[u8]) {
    let parsed = Header::parse(wire);
    if let Ok(Some((header, len))) = parsed {
        assert_eq!(&*header.encode(), &wire[..len]);
        assert_eq!(Header::parse(&header.encode()), Ok(Some((header, len))));
    }
    let mut seen = Ok(None);
    for len in 0..=wire.len().min(Header::MAX_LEN) {
        let prefix = Header::parse(&wire[..len]);
        assert!(
            seen == Ok(None) || seen == prefix,
            "{seen:?}, then {prefix:?}"
        );
        seen = prefix;
    }
    assert_eq!(seen, parsed);
}

/// What a wire holds: for each frame its header and as much of its payload as there is, and how it
/// ended.
type Decoded = (Vec<(Header, Vec<u8>)>, Result<(), ProtocolError>);

/// The model.
fn read(mut wire: &[u8]) -> Decoded {
    let mut frames = Vec::new();
    loop {
        match Header::parse(wire) {
            Ok(Some((header, len))) => {
                let payload = &wire[len..];
                let here =
                    usize::try_from(header.len).map_or(payload.len(), |len| len.min(payload.len()));
                let key = header.mask.unwrap_or_default();
                let unmasked = payload[..here].iter().zip(key.iter().cycle());
                frames.push((header, unmasked.map(|(octet, key)| octet ^ key).collect()));
                wire = &payload[here..];
                if (here as u64) < header.len {
                    return (frames, Ok(()));
                }
            }
            Ok(None) => return (frames, Ok(())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

/// The machine. With `copy`, payload is unmasked while copying, in small pieces.
fn decode(parts: &[&[u8]], copy: bool) -> Decoded {
    let mut decoder = Decoder::new();
    let mut frames: Vec<(Header, Vec<u8>)> = Vec::new();
    for part in parts {
        let mut part = part.to_vec();
        let mut input = &mut part[..];
        loop {
            let max = if copy { 5 } else { usize::MAX };
            call();
            match decoder.decode_up_to(max, &mut input) {
                Ok(Some(chunk)) => {
                    if chunk.first {
                        frames.push((chunk.header, Vec::new()));
                    }
                    let (header, octets) = frames.last_mut().unwrap();
                    assert_eq!(*header, chunk.header);
                    if copy {
                        let mut out = [0; 125];
                        let len = chunk.payload.len();
                        // A frame's payload but for the control frames' comes in pieces that small.
                        assert!(len <= max || header.opcode.is_control());
                        assert_eq!(chunk.payload.copy_to(&mut out), len);
                        octets.extend_from_slice(&out[..len]);
                    } else {
                        octets.extend_from_slice(chunk.payload.unmask());
                    }
                    assert_eq!(chunk.last, octets.len() as u64 == header.len);
                }
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
        assert!(input.is_empty());
    }
    (frames, Ok(()))
}
