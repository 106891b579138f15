//! The two ends of a connection: RFC 6455 §1.3.

/// Which end of the connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// The end that asked for the connection, and masks what it sends.
    Client,
    /// The end that was asked.
    Server,
}
