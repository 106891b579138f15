//! The two ends of a connection: RFC 6455 §1.3.

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// The end that opened the connection. It masks its frames.
    Client,
    /// The end that accepted the connection.
    Server,
}
