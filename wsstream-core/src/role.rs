//! The two ends of a connection: RFC 6455 §1.3.

/// One end of a connection.
///
/// ```
/// # use wsstream_core::Role;
/// fn who_masks(role: Role) -> &'static str {
///     match role {
///         Role::Client => "we do",
///         Role::Server => "the peer does",
///     }
/// }
/// # assert_eq!(who_masks(Role::Client), "we do");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Role {
    /// The end that opened the connection. It masks its frames.
    Client,
    /// The end that accepted the connection.
    Server,
}
