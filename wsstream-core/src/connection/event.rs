//! The events of a connection.

use core::fmt;

use crate::close::Close;
use crate::data_kind::DataKind;
use crate::decoder::Payload;
use crate::octets::Octets;

/// An event that a connection reports.
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 knows no other frames")]
pub enum Event<'a> {
    /// A piece of a message. Only its last piece may be empty.
    Data {
        /// The message's kind. Text is not checked here.
        kind: DataKind,
        /// The piece.
        payload: Payload<'a>,
        /// Whether the message ends with this piece.
        end: bool,
    },
    /// A ping. It has been answered, or will be as soon as the outbox has room.
    Ping(&'a [u8]),
    /// A pong, requested or not.
    Pong(&'a [u8]),
    /// The peer's Close, the last event. It has been answered, unless half close was agreed on.
    Close(Close),
}

/// Omits the payload.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data { kind, payload, end } => f
                .debug_struct("Data")
                .field("kind", kind)
                .field("payload", payload)
                .field("end", end)
                .finish(),
            Self::Ping(payload) => f.debug_tuple("Ping").field(&Octets::of(payload)).finish(),
            Self::Pong(payload) => f.debug_tuple("Pong").field(&Octets::of(payload)).finish(),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}
