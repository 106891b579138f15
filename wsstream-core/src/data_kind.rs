//! The two kinds of messages: RFC 6455 §5.6.

/// What a message carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 knows no others")]
pub enum DataKind {
    /// UTF-8.
    Text,
    /// Octets.
    Binary,
}
