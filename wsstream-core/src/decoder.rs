//! Decodes frames from pieces of any size: RFC 6455 §5.
//!
//! [`Decoder`] passes payload on as it arrives, in place in the caller's buffer. It stores a partial
//! header, at most 13 octets, and never payload, so a frame may have any length.

use core::{fmt, mem};

use crate::frame::{Header, Opcode};
use crate::mask::Mask;
use crate::octets::Octets;
use crate::protocol_error::ProtocolError;

/// Reads frames, one [`Chunk`] of a frame at a time.
///
/// ```
/// use wsstream_core::{Decoder, ProtocolError};
///
/// let mut wire = *b"\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
/// let mut input = &mut wire[..];
/// let mut decoder = Decoder::new();
/// while let Some(chunk) = decoder.decode(&mut input)? {
///     assert!(chunk.first && chunk.last);
///     assert_eq!(chunk.payload.unmask(), b"Hello");
/// }
/// assert!(input.is_empty());
/// # Ok::<(), ProtocolError>(())
/// ```
#[derive(Clone)]
pub struct Decoder {
    /// The start of an incomplete header.
    partial: [u8; Header::MAX_LEN],
    partial_len: u8,
    /// Whether a frame's payload is being received. If so, the fields below describe the frame and the
    /// position in it.
    in_frame: bool,
    header: Header,
    mask: Mask,
    remaining: u64,
}

impl Decoder {
    /// A decoder that expects a header.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            partial: [0; Header::MAX_LEN],
            partial_len: 0,
            in_frame: false,
            header: Header::new(Opcode::Continuation, 0),
            mask: Mask::NONE,
            remaining: 0,
        }
    }

    /// Takes the next piece of a frame off the front of `input`. Returns `None` if more octets are
    /// needed. Reports the header as soon as it is complete, even without payload. A header with RSV1
    /// always comes alone, because RSV1 may change the meaning of the payload.
    ///
    /// # Errors
    ///
    /// As [`Header::parse`]. The octets that follow cannot be parsed: do not continue.
    #[inline]
    pub fn decode<'a>(
        &mut self,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Chunk<'a>>, ProtocolError> {
        self.decode_up_to(usize::MAX, input)
    }

    /// Like [`decode`](Self::decode), with at most `max` octets of a data frame. Control frames are not
    /// limited: they are short, and must not wait for room.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    #[inline]
    pub fn decode_up_to<'a>(
        &mut self,
        max: usize,
        input: &mut &'a mut [u8],
    ) -> Result<Option<Chunk<'a>>, ProtocolError> {
        let first = !self.in_frame;
        if first {
            let Some(header) = self.header(input)? else {
                return Ok(None);
            };
            self.header = header;
            self.mask = header.mask.map_or(Mask::NONE, Mask::new);
            self.remaining = header.len;
            self.in_frame = true;
        }
        let max = if self.header.opcode.is_control() {
            usize::MAX
        } else if first && self.header.rsv1 {
            0
        } else {
            max
        };
        let len = usize::try_from(self.remaining)
            .unwrap_or(usize::MAX)
            .min(input.len())
            .min(max);
        if len == 0 && self.remaining > 0 && !first {
            return Ok(None);
        }
        let (octets, rest) = mem::take(input).split_at_mut(len);
        *input = rest;
        let mask = self.mask;
        let payload = Payload { octets, mask };
        self.mask.skip(len);
        self.remaining -= len as u64;
        let last = self.remaining == 0;
        self.in_frame = !last;
        Ok(Some(Chunk {
            header: self.header,
            payload,
            first,
            last,
        }))
    }

    /// How much payload of the current data frame has not arrived yet; 0 between frames and inside
    /// control frames.
    pub(crate) const fn data_remaining(&self) -> u64 {
        if self.in_frame && !self.header.opcode.is_control() {
            self.remaining
        } else {
            0
        }
    }

    /// Whether a header is incomplete.
    pub(crate) const fn is_inside_header(&self) -> bool {
        self.partial_len > 0
    }

    /// The start of an incomplete header.
    #[cfg(feature = "std")]
    pub(crate) fn partial_header(&self) -> &[u8] {
        &self.partial[..usize::from(self.partial_len)]
    }

    /// Unmasks the front of `input`, as far as it is payload of the current frame, shows it to `take`,
    /// and removes as many octets as `take` returns. The rest stays masked.
    pub(crate) fn take_payload(
        &mut self,
        input: &mut &mut [u8],
        take: impl FnOnce(&[u8]) -> usize,
    ) -> usize {
        let len = usize::try_from(self.remaining).unwrap_or(usize::MAX);
        // Limit the length, because the rest must be masked again.
        let octets = &mut input[..];
        let len = len.min(octets.len()).min(TAKEN_AT_ONCE);
        let payload = &mut octets[..len];
        let mut mask = self.mask;
        mask.apply(payload);
        let taken = take(payload).min(len);
        self.mask.skip(taken);
        let mut mask = self.mask;
        mask.apply(&mut payload[taken..]);
        self.remaining -= taken as u64;
        self.in_frame = self.remaining > 0;
        *input = &mut mem::take(input)[taken..];
        taken
    }

    /// Whether the current frame is the last of its message.
    pub(crate) const fn is_final(&self) -> bool {
        self.header.fin
    }

    /// Unmasks `payload` in place, the next octets of the current frame, if the caller read them
    /// itself. They must be fewer than [`data_remaining`](Self::data_remaining).
    pub(crate) fn decode_in_place(&mut self, payload: &mut [u8]) {
        debug_assert!(payload.is_empty() || (payload.len() as u64) < self.data_remaining());
        self.mask.apply(payload);
        self.remaining = self.remaining.saturating_sub(payload.len() as u64);
    }

    #[inline]
    fn header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, ProtocolError> {
        let kept = usize::from(self.partial_len);
        let (parsed, used) = if kept == 0 {
            let parsed = Header::parse(input)?;
            (parsed, parsed.map_or(input.len(), |(_, len)| len))
        } else {
            let more = input.len().min(Header::MAX_LEN - kept);
            self.partial[kept..kept + more].copy_from_slice(&input[..more]);
            let parsed = Header::parse(&self.partial[..kept + more])?;
            (parsed, parsed.map_or(more, |(_, len)| len - kept))
        };
        let (taken, rest) = mem::take(input).split_at_mut(used);
        *input = rest;
        let Some((header, _)) = parsed else {
            if kept == 0 {
                self.partial[..used].copy_from_slice(taken);
            }
            #[expect(clippy::cast_possible_truncation, reason = "shorter than a header")]
            {
                self.partial_len = (kept + used) as u8;
            }
            return Ok(None);
        };
        self.partial_len = 0;
        Ok(Some(header))
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Omits the partial header and the masking key.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("partial", &Octets(usize::from(self.partial_len)))
            .field("in_frame", &self.in_frame)
            .field("header", &self.header)
            .field("remaining", &self.remaining)
            .finish()
    }
}

/// How many octets of a compressed frame to unmask at once.
const TAKEN_AT_ONCE: usize = 4 << 10;

/// A piece of one frame.
#[derive(Debug)]
#[non_exhaustive]
pub struct Chunk<'a> {
    /// The header of the frame.
    pub header: Header,
    /// This piece of the payload; may be empty if `first`.
    pub payload: Payload<'a>,
    /// Whether this is the frame's first piece.
    pub first: bool,
    /// Whether this is the frame's last piece.
    pub last: bool,
}

/// A piece of payload in the buffer that received it, still masked, so that unmasking and copying can
/// be one pass.
pub struct Payload<'a> {
    octets: &'a mut [u8],
    mask: Mask,
}

impl<'a> Payload<'a> {
    pub(crate) const fn new(octets: &'a mut [u8], mask: Mask) -> Self {
        Self { octets, mask }
    }

    /// The number of octets.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets.len()
    }

    /// Whether there are no octets.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Unmasks the octets in place.
    #[must_use]
    pub fn unmask(mut self) -> &'a mut [u8] {
        self.mask.apply(self.octets);
        self.octets
    }

    /// Unmasks as many octets as fit into the front of `out`, and returns how many.
    #[inline]
    pub fn copy_to(mut self, out: &mut [u8]) -> usize {
        self.mask.copy(self.octets, out)
    }
}

/// Omits the octets.
impl fmt::Debug for Payload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Payload").field(&Octets(self.len())).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// What a wire holds: for each frame its header and payload, and how it ended.
    type Decoded = (Vec<(Header, Vec<u8>)>, Result<(), ProtocolError>);

    fn decode<'a>(parts: impl IntoIterator<Item = &'a [u8]>, max: usize) -> Decoded {
        let mut decoder = Decoder::new();
        let mut frames: Vec<(Header, Vec<u8>)> = Vec::new();
        for part in parts {
            let mut part = part.to_vec();
            let mut input = &mut part[..];
            loop {
                match decoder.decode_up_to(max, &mut input) {
                    Ok(Some(chunk)) => {
                        if chunk.first {
                            frames.push((chunk.header, Vec::new()));
                        }
                        let (last, payload) = (chunk.last, chunk.payload.unmask());
                        let frame = frames.last_mut().unwrap();
                        frame.1.extend_from_slice(payload);
                        assert_eq!(last, frame.1.len() as u64 == frame.0.len);
                    }
                    Ok(None) => break,
                    Err(error) => return (frames, Err(error)),
                }
            }
            assert!(input.is_empty());
        }
        (frames, Ok(()))
    }

    fn wire() -> Vec<u8> {
        let mut wire = b"\x01\x03Hel\x89\x00\x80\x82\x37\xfa\x21\x3d\x5b\x95".to_vec();
        wire.extend_from_slice(b"\x82\x7e\x00\x80");
        wire.extend_from_slice(&[7; 128]);
        wire.extend_from_slice(b"\x88\x02\x03\xe8");
        wire
    }

    #[test]
    fn at_every_cut() {
        let wire = wire();
        let whole = decode([&wire[..]], usize::MAX);
        assert_eq!(whole.0.len(), 5);
        assert_eq!(whole.0[2].1, b"lo");
        for cut in 0..=wire.len() {
            assert_eq!(
                decode([&wire[..cut], &wire[cut..]], usize::MAX),
                whole,
                "cut at {cut}"
            );
        }
        assert_eq!(decode(wire.chunks(1), 1), whole);
        assert_eq!(decode([&wire[..]], 3), whole);
    }

    #[test]
    fn a_header_is_reported_before_its_payload() {
        let mut wire = *b"\x82\x05";
        let chunk = Decoder::new().decode(&mut &mut wire[..]).unwrap().unwrap();
        assert!(chunk.first && !chunk.last && chunk.payload.is_empty());
    }

    /// Nothing is taken at a fault, so whoever goes on all the same finds it again.
    #[test]
    fn a_fault_stays() {
        for wire in [
            &b"\x83"[..],
            b"\x82\x01a\xb2\x00",
            b"\x82\x7e\x00\x7d\x82\x00",
            b"\x89\x7e\x82\x00",
        ] {
            for len in [1, 2, 3, wire.len()] {
                let mut decoder = Decoder::new();
                let mut wire = wire.to_vec();
                let mut error = None;
                for part in wire.chunks_mut(len) {
                    let mut input = part;
                    while error.is_none() {
                        match decoder.decode(&mut input) {
                            Ok(Some(_)) => {}
                            Ok(None) => break,
                            Err(fault) => error = Some(fault),
                        }
                    }
                    let left = input.len();
                    for _ in 0..3 {
                        if let Some(error) = error {
                            assert_eq!(decoder.decode(&mut input).unwrap_err(), error);
                            assert_eq!(input.len(), left);
                        }
                    }
                    if error.is_some() {
                        break;
                    }
                }
                assert!(error.is_some());
            }
        }
    }

    #[test]
    fn octets_put_in_place_are_unmasked_as_those_decoded() {
        let mut wire = *b"\x82\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        let mut decoder = Decoder::new();
        let mut input = &mut wire[..7];
        assert_eq!(
            decoder
                .decode(&mut input)
                .unwrap()
                .unwrap()
                .payload
                .unmask(),
            b"H"
        );
        assert_eq!(decoder.data_remaining(), 4);
        let mut direct = *b"\x9f\x4d\x51";
        decoder.decode_in_place(&mut direct);
        assert_eq!(&direct, b"ell");
        let mut last = *b"\x58";
        let chunk = decoder.decode(&mut &mut last[..]).unwrap().unwrap();
        assert!(chunk.last);
        assert_eq!(chunk.payload.unmask(), b"o");
    }

    proptest! {
        #[test]
        fn any_cut_of_any_octets_gives_the_same(
            octets in prop::collection::vec(any::<u8>(), 0..300),
            cuts in prop::collection::vec(1..20usize, 0..60), max in 1..50usize,
        ) {
            let mut rest = &octets[..];
            let mut parts = Vec::new();
            for cut in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                parts.push(part);
                rest = after;
            }
            parts.push(rest);
            prop_assert_eq!(decode(parts, max), decode([&octets[..]], usize::MAX));
        }
    }
}
