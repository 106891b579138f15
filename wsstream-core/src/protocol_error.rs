//! The faults of the peer: RFC 6455 §7.1.7, §7.4.1.

use core::fmt;
use core::time::Duration;

use crate::close_code::CloseCode;
use crate::data_kind::DataKind;

/// A violation of RFC 6455 by the peer. Each has the close code to answer with.
///
/// ```
/// # use wsstream_core::{CloseCode, ProtocolError};
/// assert_eq!(ProtocolError::InvalidUtf8.close_code(), CloseCode::INVALID_DATA);
/// assert_eq!(ProtocolError::ReservedOpcode(3).to_string(), "reserved opcode 0x3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A control frame without FIN, §5.5.
    ControlFragmented,
    /// A control frame with more than 125 payload octets, §5.5.
    ControlTooLong,
    /// A text or binary frame inside a fragmented message, §5.4.
    ExpectedContinuation,
    /// A message of a `base64` byte stream that is not one Base64 text, RFC 4648 §4.
    InvalidBase64,
    /// A Close frame with a code that must not be sent, §7.4.
    InvalidCloseCode(u16),
    /// A Close frame with one octet of payload, §5.5.1.
    InvalidCloseLength,
    /// A compressed message that is not deflate data, or ends too early, RFC 7692 §7.2.2.
    InvalidDeflate,
    /// Text, or a Close reason, that is not UTF-8, §8.1.
    InvalidUtf8,
    /// A payload length that is not minimally encoded, §5.2.
    LengthNotMinimal,
    /// A payload length of 2^63 or more, §5.2.
    LengthTooLarge(u64),
    /// A masked frame from a server, §5.1.
    Masked,
    /// A message above the receiver's limit, §7.4.1; the limit in octets.
    MessageTooLong(usize),
    /// A message that took longer than the receiver's limit, RFC 6455 §10.4; the limit.
    MessageTooSlow(Duration),
    /// A reserved bit without a negotiated extension, §5.2. RSV1 to RSV3 are bits 2 to 0 of the value.
    ReservedBits(u8),
    /// A reserved opcode, §5.2.
    ReservedOpcode(u8),
    /// A continuation frame outside a message, §5.4.
    UnexpectedContinuation,
    /// A message of the wrong kind for the byte stream: text for `binary`, binary for `base64`.
    UnexpectedKind(DataKind),
    /// An unmasked frame from a client, §5.1.
    Unmasked,
}

impl ProtocolError {
    /// The close code for this fault, §7.4.1.
    #[must_use]
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidBase64 | Self::InvalidDeflate | Self::InvalidUtf8 => {
                CloseCode::INVALID_DATA
            }
            Self::MessageTooLong(_) => CloseCode::TOO_LARGE,
            Self::MessageTooSlow(_) => CloseCode::POLICY,
            Self::UnexpectedKind(_) => CloseCode::UNSUPPORTED,
            _ => CloseCode::PROTOCOL_ERROR,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ControlFragmented => f.write_str("fragmented control frame"),
            Self::ControlTooLong => f.write_str("control frame longer than 125 octets"),
            Self::ExpectedContinuation => f.write_str("new message inside a fragmented one"),
            Self::InvalidBase64 => f.write_str("message is not Base64"),
            Self::InvalidCloseCode(code) => write!(f, "close code {code} must not be sent"),
            Self::InvalidCloseLength => f.write_str("close frame with one octet"),
            Self::InvalidDeflate => f.write_str("compressed message is not deflate data"),
            Self::InvalidUtf8 => f.write_str("text is not UTF-8"),
            Self::LengthNotMinimal => f.write_str("payload length is not minimally encoded"),
            Self::LengthTooLarge(len) => write!(f, "payload length {len:#x} exceeds 2^63-1"),
            Self::Masked => f.write_str("masked frame from a server"),
            Self::MessageTooLong(limit) => write!(f, "message longer than {limit} octets"),
            Self::MessageTooSlow(limit) => write!(f, "message not complete within {limit:?}"),
            Self::ReservedBits(bits) => write!(f, "reserved bits {bits:#05b}"),
            Self::ReservedOpcode(opcode) => write!(f, "reserved opcode {opcode:#x}"),
            Self::UnexpectedContinuation => f.write_str("continuation outside a message"),
            Self::UnexpectedKind(DataKind::Text) => f.write_str("text message, expected binary"),
            Self::UnexpectedKind(DataKind::Binary) => f.write_str("binary message, expected text"),
            Self::Unmasked => f.write_str("unmasked frame from a client"),
        }
    }
}

impl core::error::Error for ProtocolError {}
