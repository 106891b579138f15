//! Frame headers: RFC 6455 §5.2.
//!
//! [`Header::parse`] rejects headers that are invalid in any context, at the first octet that shows it.
//! [`Connection`](crate::Connection) checks the masking direction, RSV1, and the order of fragments.

use core::fmt;

use crate::data_kind::DataKind;
use crate::octets::Octets;
use crate::protocol_error::ProtocolError;

/// The type of a frame, §11.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 6455 knows no others, and reserved ones are refused"
)]
pub enum Opcode {
    /// A further fragment of a message.
    Continuation,
    /// A text message, or its first fragment.
    Text,
    /// A binary message, or its first fragment.
    Binary,
    /// A step of the closing handshake.
    Close,
    /// A request for a pong.
    Ping,
    /// The answer to a ping, or an unsolicited heartbeat.
    Pong,
}

impl Opcode {
    /// Whether this is the opcode of a control frame, §5.5.
    #[must_use]
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    const fn from_bits(bits: u8) -> Result<Self, ProtocolError> {
        match bits {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xa => Ok(Self::Pong),
            reserved => Err(ProtocolError::ReservedOpcode(reserved)),
        }
    }
}

impl From<DataKind> for Opcode {
    fn from(kind: DataKind) -> Self {
        match kind {
            DataKind::Text => Self::Text,
            DataKind::Binary => Self::Binary,
        }
    }
}

/// A frame's header.
///
/// ```
/// use wsstream_core::{DataKind, Header, Opcode};
///
/// let header = Header::new(Opcode::Text, 5);
/// assert_eq!(&*header.encode(), b"\x81\x05");
/// assert_eq!(Header::parse(b"\x81\x05Hello"), Ok(Some((header, 2))));
/// assert_eq!(Header::parse(b"\x81"), Ok(None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "RFC 6455 knows no other fields")]
pub struct Header {
    /// Whether this is the last fragment of its message.
    pub fin: bool,
    /// The first reserved bit. With permessage-deflate, it marks a compressed message.
    pub rsv1: bool,
    /// The type of the frame.
    pub opcode: Opcode,
    /// The masking key, if the payload is masked.
    pub mask: Option<[u8; 4]>,
    /// The length of the payload, in octets, at most 2^63-1.
    pub len: u64,
}

impl Header {
    /// The most octets a header takes.
    pub const MAX_LEN: usize = 14;

    /// An unmasked, unfragmented frame.
    #[must_use]
    pub const fn new(opcode: Opcode, len: u64) -> Self {
        Self {
            fin: true,
            rsv1: false,
            opcode,
            mask: None,
            len,
        }
    }

    /// Reads the header at the front of `octets`, and returns its length with it; `None` if the header
    /// is incomplete.
    ///
    /// # Errors
    ///
    /// RSV2 or RSV3 is set; the opcode is reserved; a control frame is fragmented or too long; the
    /// length is not minimally encoded or exceeds 2^63-1. These are errors in any context.
    #[inline]
    pub fn parse(octets: &[u8]) -> Result<Option<(Self, usize)>, ProtocolError> {
        let Some(&first) = octets.first() else {
            return Ok(None);
        };
        let (fin, rsv1) = (first & FIN != 0, first & RSV1 != 0);
        if first & RSV2_RSV3 != 0 {
            return Err(ProtocolError::ReservedBits(first >> 4 & 0b111));
        }
        let opcode = Opcode::from_bits(first & OPCODE)?;
        if opcode.is_control() && !fin {
            return Err(ProtocolError::ControlFragmented);
        }
        let Some(&second) = octets.get(1) else {
            return Ok(None);
        };
        let (len, at) = match second & LEN {
            LEN_16 | LEN_64 if opcode.is_control() => return Err(ProtocolError::ControlTooLong),
            LEN_16 => {
                let Some(octets) = octets.get(2..4).and_then(<[u8]>::first_chunk) else {
                    return Ok(None);
                };
                (u64::from(u16::from_be_bytes(*octets)), 4)
            }
            LEN_64 => {
                let Some(octets) = octets.get(2..10).and_then(<[u8]>::first_chunk) else {
                    return Ok(None);
                };
                (u64::from_be_bytes(*octets), 10)
            }
            len => (u64::from(len), 2),
        };
        match at {
            4 if len < u64::from(LEN_16) => return Err(ProtocolError::LengthNotMinimal),
            10 if len > MAX_PAYLOAD => return Err(ProtocolError::LengthTooLarge(len)),
            10 if len <= u64::from(u16::MAX) => return Err(ProtocolError::LengthNotMinimal),
            _ => {}
        }
        if second & MASKED == 0 {
            return Ok(Some((
                Self {
                    fin,
                    rsv1,
                    opcode,
                    mask: None,
                    len,
                },
                at,
            )));
        }
        let Some(key) = octets.get(at..at + 4).and_then(<[u8]>::first_chunk) else {
            return Ok(None);
        };
        Ok(Some((
            Self {
                fin,
                rsv1,
                opcode,
                mask: Some(*key),
                len,
            },
            at + 4,
        )))
    }

    /// Encodes the header.
    #[inline]
    #[must_use]
    pub fn encode(&self) -> EncodedHeader {
        let mut octets = [0; Self::MAX_LEN];
        octets[0] =
            self.opcode.bits() | if self.fin { FIN } else { 0 } | if self.rsv1 { RSV1 } else { 0 };
        let mut len = match self.len {
            #[expect(clippy::cast_possible_truncation, reason = "the pattern bounds it")]
            len @ 0..=125 => {
                octets[1] = len as u8;
                2
            }
            #[expect(clippy::cast_possible_truncation, reason = "the pattern bounds it")]
            len @ 126..=0xffff => {
                octets[1] = LEN_16;
                octets[2..4].copy_from_slice(&(len as u16).to_be_bytes());
                4
            }
            len => {
                octets[1] = LEN_64;
                octets[2..10].copy_from_slice(&len.to_be_bytes());
                10
            }
        };
        if let Some(key) = self.mask {
            octets[1] |= MASKED;
            octets[len..len + 4].copy_from_slice(&key);
            len += 4;
        }
        EncodedHeader { octets, len }
    }
}

/// Shows whether there is a masking key, but not the key.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("fin", &self.fin)
            .field("rsv1", &self.rsv1)
            .field("opcode", &self.opcode)
            .field("masked", &self.mask.is_some())
            .field("len", &self.len)
            .finish()
    }
}

/// An encoded header; a slice of 2 to 14 octets.
#[derive(Clone, Copy)]
pub struct EncodedHeader {
    octets: [u8; Header::MAX_LEN],
    len: usize,
}

#[cfg(feature = "std")]
impl EncodedHeader {
    /// An empty header.
    pub(crate) const EMPTY: Self = Self {
        octets: [0; Header::MAX_LEN],
        len: 0,
    };
}

/// Omits the octets, which include the masking key.
impl fmt::Debug for EncodedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EncodedHeader")
            .field(&Octets(self.len))
            .finish()
    }
}

impl core::ops::Deref for EncodedHeader {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

/// The most payload octets of a control frame, §5.5.
pub(crate) const MAX_CONTROL_PAYLOAD: usize = 125;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const RSV2_RSV3: u8 = 0x30;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LEN: u8 = 0x7f;
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;
const MAX_PAYLOAD: u64 = u64::MAX >> 1;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    const fn header(opcode: Opcode, len: u64) -> Header {
        Header::new(opcode, len)
    }

    /// §5.7, word for word, and the lengths at which the header changes size.
    #[test]
    fn s5_2_and_s5_7_headers_both_ways() {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let table: &[(Header, &[u8])] = &[
            (header(Opcode::Text, 5), b"\x81\x05"),
            (
                Header {
                    mask: Some(key),
                    ..header(Opcode::Text, 5)
                },
                b"\x81\x85\x37\xfa\x21\x3d",
            ),
            (
                Header {
                    fin: false,
                    ..header(Opcode::Text, 3)
                },
                b"\x01\x03",
            ),
            (header(Opcode::Continuation, 2), b"\x80\x02"),
            (header(Opcode::Ping, 5), b"\x89\x05"),
            (
                Header {
                    mask: Some(key),
                    ..header(Opcode::Pong, 5)
                },
                b"\x8a\x85\x37\xfa\x21\x3d",
            ),
            (header(Opcode::Close, 125), b"\x88\x7d"),
            (header(Opcode::Binary, 256), b"\x82\x7e\x01\x00"),
            (
                header(Opcode::Binary, 65536),
                b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
            ),
            (header(Opcode::Binary, 0), b"\x82\x00"),
            (header(Opcode::Binary, 125), b"\x82\x7d"),
            (header(Opcode::Binary, 126), b"\x82\x7e\x00\x7e"),
            (header(Opcode::Binary, 65535), b"\x82\x7e\xff\xff"),
            (
                header(Opcode::Binary, MAX_PAYLOAD),
                b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            ),
            (
                Header {
                    rsv1: true,
                    ..header(Opcode::Text, 0)
                },
                b"\xc1\x00",
            ),
        ];
        for (header, octets) in table {
            assert_eq!(&*header.encode(), *octets);
            assert_eq!(Header::parse(octets), Ok(Some((*header, octets.len()))));
            for cut in 0..octets.len() {
                assert_eq!(
                    Header::parse(&octets[..cut]),
                    Ok(None),
                    "{octets:?} at {cut}"
                );
            }
        }
    }

    /// Refused with this many octets, whatever follows.
    #[test]
    fn s5_2_refused_as_soon_as_seen() {
        use ProtocolError::*;
        let table: &[(&[u8], ProtocolError)] = &[
            (b"\x92", ReservedBits(0b001)),
            (b"\xa2", ReservedBits(0b010)),
            (b"\xf2", ReservedBits(0b111)),
            (b"\x83", ReservedOpcode(3)),
            (b"\x0b", ReservedOpcode(11)),
            (b"\x8f", ReservedOpcode(15)),
            (b"\x08", ControlFragmented),
            (b"\x09", ControlFragmented),
            (b"\x89\x7e", ControlTooLong),
            (b"\x88\xff", ControlTooLong),
            (b"\x82\x7e\x00\x7d", LengthNotMinimal),
            (b"\x82\xfe\x00\x00", LengthNotMinimal),
            (
                b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
                LengthNotMinimal,
            ),
            (
                b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
                LengthTooLarge(1 << 63),
            ),
            (
                b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                LengthTooLarge(u64::MAX),
            ),
        ];
        for (octets, error) in table {
            assert_eq!(Header::parse(octets), Err(*error));
            let longer = [octets, &[0u8; 16][..]].concat();
            assert_eq!(Header::parse(&longer), Err(*error));
            for cut in 0..octets.len() {
                assert_eq!(
                    Header::parse(&octets[..cut]),
                    Ok(None),
                    "{octets:?} at {cut}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn what_parses_encodes_to_the_same_octets(octets: Vec<u8>) {
            if let Ok(Some((header, len))) = Header::parse(&octets) {
                prop_assert_eq!(&*header.encode(), &octets[..len]);
            }
        }
    }
}
