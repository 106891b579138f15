//! The server's side of the opening handshake: RFC 6455 §4.2.
//!
//! [`Acceptor`] collects a request; any well-formed one becomes a [`Request`], so that
//! a server sees the whole of it before it accepts or refuses. [`ServerConfig`] is what it decides by.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::field::{Fields, InvalidField, check_handshake_field, check_subprotocol};
use super::head::{Deadline, Head, Kind};
use super::{HandshakeError, Origins, Request};
use crate::config::SharedConfig;
use crate::{CompressionBudget, ConnectionConfig, Timestamp};

/// What a server speaks, and whom it lets in.
///
/// ```
/// use wsstream_core::handshake::{Origins, ServerConfig};
///
/// let server = ServerConfig::stream()
///     .subprotocol("mqtt")?
///     .origins(Origins::list(["https://example.org"])?)
///     .path("/tunnel");
/// assert!(server.serves("/tunnel"));
/// # Ok::<_, wsstream_core::handshake::InvalidField>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerConfig {
    pub(super) subprotocols: Vec<String>,
    /// Whether a list with nothing in common is an error.
    pub(super) must_agree: bool,
    /// Whether it is for byte streams: messages know no half close.
    pub(super) is_stream: bool,
    pub(super) origins: Origins,
    pub(super) fields: Fields,
    path: String,
    /// How long the whole handshake may take; 10 s by default.
    pub handshake_timeout: Duration,
    config: SharedConfig,
    pub(super) budget: CompressionBudget,
}

impl ServerConfig {
    /// For byte streams: speaks `binary` and `base64`, and refuses a client that offers only others.
    ///
    /// Accepts [half close](super::HALF_CLOSE) where it is offered, any path, and origins on the same
    /// host.
    #[must_use]
    pub fn stream() -> Self {
        Self {
            subprotocols: ["binary", "base64"].map(String::from).into(),
            must_agree: true,
            is_stream: true,
            ..Self::messages()
        }
    }

    /// For messages: speaks no subprotocol, and ignores what a client offers and is not spoken.
    ///
    /// Accepts any path, and origins on the same host.
    #[must_use]
    pub fn messages() -> Self {
        Self {
            subprotocols: Vec::new(),
            must_agree: false,
            is_stream: false,
            origins: Origins::same_host(),
            fields: Fields::new(),
            path: String::from("/"),
            handshake_timeout: TIMEOUT,
            config: SharedConfig::default(),
            budget: CompressionBudget::default(),
        }
    }

    /// Speaks this subprotocol too; on a byte stream it means the same as `binary`.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Subprotocol`] if the name is no token.
    pub fn subprotocol(mut self, name: &str) -> Result<Self, InvalidField> {
        check_subprotocol(name)?;
        if !self.subprotocols.iter().any(|spoken| spoken == name) {
            self.subprotocols.push(name.to_owned());
        }
        Ok(self)
    }

    /// Which web pages may use this server; default: those on the same host.
    #[must_use]
    pub fn origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// The one path that is served, compared as it is written; `/`, the default, means any.
    ///
    /// A `/` that is missing at the start is put there.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        let slash = if path.starts_with('/') { "" } else { "/" };
        self.path = [slash, path].concat();
        self
    }

    /// How long a request may take in total; default 10 s.
    #[must_use]
    pub const fn handshake_timeout(mut self, timeout: Duration) -> Self {
        self.handshake_timeout = timeout;
        self
    }

    /// How connections behave once they are open. A server for messages, or one that is set not to wait
    /// with its answer to a Close, does not accept half close.
    #[must_use]
    pub fn config(mut self, config: ConnectionConfig) -> Self {
        self.config = config.into();
        self
    }

    /// What compression may take in all connections of this server, of its clones, and of others that
    /// are given the same; default: 64 MiB.
    #[must_use]
    pub fn compression_budget(mut self, budget: &CompressionBudget) -> Self {
        self.budget = budget.clone();
        self
    }

    /// What [`config`](Self::config) was set to.
    #[must_use]
    pub fn connection_config(&self) -> &ConnectionConfig {
        &self.config
    }

    #[cfg(feature = "std")]
    pub(crate) const fn shared_config(&self) -> &SharedConfig {
        &self.config
    }

    /// Adds a field to the answer that accepts.
    ///
    /// # Errors
    ///
    /// If the name is no token, the value has control octets, or the handshake sets the field itself.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidField> {
        check_handshake_field(name, value)?;
        self.fields.push(name, value);
        Ok(self)
    }

    /// Whether there is something at this path, which is one without its query.
    #[must_use]
    pub fn serves(&self, path: &str) -> bool {
        self.path == "/" || self.path == path
    }
}

/// [`stream`](Self::stream).
impl Default for ServerConfig {
    fn default() -> Self {
        Self::stream()
    }
}

/// Collects a request.
///
/// ```
/// use wsstream_core::handshake::{Acceptor, ServerConfig};
///
/// let server = ServerConfig::stream();
/// let mut acceptor = Acceptor::new(&server);
/// // From a transport, in pieces of any size:
/// let mut input = &b"GET / HTTP/1.1\r\nHost: localhost\r\n"[..];
/// assert!(acceptor.receive(&mut input)?.is_none());
/// input = b"\r\nwhat follows";
/// let request = acceptor.receive(&mut input)?.unwrap();
/// assert_eq!(input, b"what follows");
/// // A plain GET asks for no upgrade.
/// let error = request.accept(&server).unwrap_err();
/// assert!(error.response().starts_with(b"HTTP/1.1 426 "));
/// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
/// ```
#[derive(Debug)]
pub struct Acceptor {
    head: Option<Head>,
    deadline: Deadline,
}

impl Acceptor {
    /// For a transport from which nothing has been read. Takes the handshake timeout from `server`.
    #[must_use]
    pub const fn new(server: &ServerConfig) -> Self {
        Self {
            head: Some(Head::new(Kind::Request)),
            deadline: Deadline::new(server.handshake_timeout),
        }
    }

    /// Gives the request another limit than the server's.
    #[cfg(feature = "std")]
    pub(crate) const fn set_timeout(&mut self, timeout: Duration) {
        self.deadline = Deadline::new(timeout);
    }

    /// Takes what belongs to the request's head off the front of `input`, and leaves what follows it.
    ///
    /// `None` as long as the head is not complete. After the request or an error, nothing more is
    /// taken and nothing more comes.
    ///
    /// # Errors
    ///
    /// If the octets are no request of HTTP/1.x, or too long. Send the error's
    /// [`response`](HandshakeError::response), then drop the transport.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Request>, HandshakeError> {
        let Some(mut head) = self.head.take() else {
            return Ok(None);
        };
        if head.receive(input)? {
            return head.into_request().map(|parts| Some(Request::new(parts)));
        }
        self.head = Some(head);
        Ok(None)
    }

    /// Tells the time; says when to tell it again. The first call starts the clock.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::TimedOut`] when the request is not complete in time: answer as above.
    pub fn poll_time(&mut self, now: Timestamp) -> Result<Timestamp, HandshakeError> {
        self.deadline.poll(now).ok_or(HandshakeError::TimedOut)
    }
}

/// The default of both roles.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
