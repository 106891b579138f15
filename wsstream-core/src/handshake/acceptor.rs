//! The server's side of the opening handshake: RFC 6455 §4.2.1.
//!
//! Any well-formed request becomes a [`Request`], so a server sees all of it before it accepts or
//! refuses.

use super::error::HandshakeError;
use super::head::{Deadline, Head, Kind};
use super::request::Request;
use super::server::ServerConfig;
use crate::Timestamp;

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
    /// Starts with a transport from which nothing has been read. Takes the handshake timeout from
    /// `server`.
    #[must_use]
    pub const fn new(server: &ServerConfig) -> Self {
        Self {
            head: Some(Head::new(Kind::Request, server.max_head)),
            deadline: Deadline::new(server.handshake_timeout),
        }
    }

    /// Replaces the server's timeout.
    #[cfg(feature = "std")]
    pub(crate) const fn set_timeout(&mut self, timeout: core::time::Duration) {
        self.deadline = Deadline::new(timeout);
    }

    /// Takes the request's head off the front of `input`, and leaves the octets after it.
    ///
    /// Returns `None` until the head is complete. After the request or an error, it takes nothing more
    /// and returns `None`.
    ///
    /// # Errors
    ///
    /// If the octets are not an HTTP/1.x request, the target has none of the forms of RFC 9112 §3.2, or the head is too
    /// large. Send the error's
    /// [`response`](HandshakeError::response), then drop the transport.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Request>, HandshakeError> {
        let Some(mut head) = self.head.take() else {
            return Ok(None);
        };
        if head.receive(input)? {
            return head.into_request().and_then(Request::new).map(Some);
        }
        self.head = Some(head);
        Ok(None)
    }

    /// Tells the time. Returns when to call this again. The first call starts the clock.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::TimedOut`] if the request is not complete in time. Send its response as above.
    pub fn poll_time(&mut self, now: Timestamp) -> Result<Timestamp, HandshakeError> {
        self.deadline.poll(now).ok_or(HandshakeError::TimedOut)
    }
}

#[cfg(test)]
mod tests;
