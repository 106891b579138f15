//! The two kinds of messages: RFC 6455 §5.6.

/// The kind of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 knows no others")]
pub enum DataKind {
    /// Text, in UTF-8.
    Text,
    /// Any octets.
    Binary,
}
