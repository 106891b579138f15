//! What the peer did wrong, and how a stream may end: RFC 6455 §7.1.7, §7.4.1.

use core::fmt;
use core::time::Duration;

use crate::close::{Close, CloseCode};
use crate::frame::DataKind;

/// A violation of RFC 6455 by the peer. It carries the close code it is answered with.
///
/// ```
/// use wsstream_core::{CloseCode, ProtocolError};
///
/// assert_eq!(ProtocolError::InvalidUtf8.close_code(), CloseCode::INVALID_DATA);
/// assert_eq!(ProtocolError::ReservedOpcode(3).to_string(), "reserved opcode 0x3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A control frame without FIN, §5.5.
    ControlFragmented,
    /// A control frame with more than 125 octets of payload, §5.5.
    ControlTooLong,
    /// A text or binary frame inside a fragmented message, §5.4.
    ExpectedContinuation,
    /// A message of a byte stream in `base64` that is not one Base64 text, RFC 4648 §4.
    InvalidBase64,
    /// A Close frame with a code that must not be sent, §7.4.
    InvalidCloseCode(u16),
    /// A Close frame with one octet of payload, §5.5.1.
    InvalidCloseLength,
    /// A compressed message that is no deflate data, or ends too early, RFC 7692 §7.2.2.
    InvalidDeflate,
    /// Text, or the reason of a Close, that is not UTF-8, §8.1.
    InvalidUtf8,
    /// A payload length in more octets than it needs, §5.2.
    LengthNotMinimal,
    /// A payload length of 2^63 or more, §5.2.
    LengthTooLarge(u64),
    /// A masked frame from a server, §5.1.
    Masked,
    /// A message longer than the limit, in octets, that the receiver set, §7.4.1.
    MessageTooLong(usize),
    /// A message that took longer than the limit that the receiver set, RFC 6455 §10.4.
    MessageTooSlow(Duration),
    /// A reserved bit that no extension gave a meaning, §5.2. The value is RSV1 to RSV3 as bits 2 to 0.
    ReservedBits(u8),
    /// A reserved opcode, §5.2.
    ReservedOpcode(u8),
    /// A continuation frame outside a message, §5.4.
    UnexpectedContinuation,
    /// A message of the kind that the byte stream does not use: text for `binary`, binary for `base64`.
    UnexpectedKind(DataKind),
    /// An unmasked frame from a client, §5.1.
    Unmasked,
}

impl ProtocolError {
    /// The code that the connection is failed with, §7.4.1.
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

/// A stream ended other than by the peer's Close 1000 or without a code.
///
/// As an `io::Error` (feature `std`) it keeps this type inside: `error.get_ref()` and `downcast_ref`
/// find it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The peer closed with a code other than 1000, which is not our own come back: `ConnectionAborted`.
    Closed(Close),
    /// The peer broke the protocol; a Close that says so was queued: `InvalidData`.
    Protocol(ProtocolError),
    /// The listener that accepted the connection was shut down, and the connection had not finished, so
    /// what was received may be cut short: `TimedOut`.
    ShutDown,
    /// A limit was reached before the peer had finished, so what was received may be cut short: `TimedOut`.
    TimedOut(Timeout),
    /// The transport ended without a Close, so what was received may be cut short: `UnexpectedEof`.
    Truncated,
    /// The peer closed with 1000, or without a code, inside a message, the rest of which will not come:
    /// `UnexpectedEof`.
    Unfinished,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(close) => write!(f, "closed by the peer: {close}"),
            Self::Protocol(error) => write!(f, "protocol violated by the peer: {error}"),
            Self::ShutDown => f.write_str("this server was shut down before the peer had finished"),
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::Truncated => f.write_str("connection ended without a Close"),
            Self::Unfinished => f.write_str("closed by the peer inside a message"),
        }
    }
}

impl core::error::Error for StreamError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Protocol(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(feature = "std")]
impl From<StreamError> for std::io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::Closed(_) => std::io::ErrorKind::ConnectionAborted,
            StreamError::Protocol(_) => std::io::ErrorKind::InvalidData,
            StreamError::ShutDown | StreamError::TimedOut(_) => std::io::ErrorKind::TimedOut,
            StreamError::Truncated | StreamError::Unfinished => std::io::ErrorKind::UnexpectedEof,
        };
        Self::new(kind, error)
    }
}

/// What was waited for in vain, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// The peer's Close, after ours, or the end of the transport.
    Close(Duration),
    /// Any octet at all, after a keepalive ping.
    Keepalive(Duration),
    /// That the peer takes anything of what was left for it.
    Progress(Duration),
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close(time) => write!(f, "no Close from the peer for {time:?}"),
            Self::Keepalive(time) => write!(f, "nothing heard from the peer for {time:?}"),
            Self::Progress(time) => write!(f, "nothing taken by the peer for {time:?}"),
        }
    }
}

/// Nothing can be sent any more: a Close has been sent, or the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed for sending")
    }
}

impl core::error::Error for Closed {}

#[cfg(feature = "std")]
impl From<Closed> for std::io::Error {
    fn from(error: Closed) -> Self {
        Self::new(std::io::ErrorKind::BrokenPipe, error)
    }
}
