//! The client's side of the opening handshake: RFC 6455 §4.1.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::client::ClientConfig;
use super::error::HandshakeError;
use super::head::Deadline;
use super::key::{KEY_FIELD, accept_key};
use super::lookup::{malformed, required};
use super::negotiated::Negotiated;
use super::refusal::push_field;
use super::response::Response;
use super::response_reader::ResponseReader;
use super::syntax::{contains, excerpt, values};
use crate::{Seed, Timestamp, Url};

/// A client's handshake. Send [`request`](Self::request), then pass the octets of the response to
/// [`receive`](Self::receive).
pub struct Connecting {
    client: ClientConfig,
    seed: Seed,
    request: Vec<u8>,
    accept: String,
    deadline: Deadline,
    /// The URL asks for TLS, and nobody has said that there is any.
    #[cfg_attr(not(feature = "std"), expect(dead_code, reason = "`pump` asks"))]
    is_exposed: bool,
    reader: ResponseReader,
}

/// The result of a handshake that the server accepted.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connected {
    /// The response, a 101.
    pub response: Response,
    /// What was agreed on. It opens the connection.
    pub negotiated: Negotiated,
}

impl ClientConfig {
    /// Begins a handshake. The nonce and later the masking keys come from `seed`, which must not be used for anything
    /// else.
    ///
    /// The request has the URL's user and password, whatever it is sent over. For a `wss` URL, send it over TLS only.
    #[must_use]
    pub fn connect(&self, url: &Url, seed: &Seed) -> Connecting {
        Connecting::new(self.clone(), url, seed, seed.nonce())
    }
}

impl Connecting {
    fn new(client: ClientConfig, url: &Url, seed: &Seed, nonce: [u8; 16]) -> Self {
        let key = STANDARD.encode(nonce);
        Self {
            request: request(&client, url, &key),
            accept: accept_key(key.as_bytes()),
            deadline: Deadline::new(client.handshake_timeout),
            is_exposed: url.is_secure() && !client.assume_secure,
            reader: ResponseReader::upgrade(client.max_head),
            client,
            seed: seed.clone(),
        }
    }

    /// Fails if the URL asks for TLS, and the application has not said that the transport is secure.
    #[cfg(feature = "std")]
    pub(crate) const fn check_transport(&self) -> Result<(), HandshakeError> {
        if self.is_exposed {
            return Err(HandshakeError::NotSecure);
        }
        Ok(())
    }

    /// The octets to send. Send nothing else before the server has accepted.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes the response off the front of `input`, and leaves the octets after it: after a 101,
    /// frames.
    ///
    /// Returns `None` until the response is complete. After the result or an error, it takes nothing
    /// more and returns `None`. Interim responses other than 101 are skipped.
    ///
    /// # Errors
    ///
    /// If the octets are not a response, if the response does not accept as §4.1 requires, or if it
    /// refuses: [`HandshakeError::Refused`], with the start of its body.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Connected>, HandshakeError> {
        match self.reader.receive(input)? {
            None => Ok(None),
            Some(response) if response.status() == 101 => {
                let negotiated = self.check(&response)?;
                Ok(Some(Connected {
                    response,
                    negotiated,
                }))
            }
            Some(response) => Err(HandshakeError::Refused(Box::new(response))),
        }
    }

    /// Reports the end of the transport. Returns the server's refusal, as far as it arrived,
    /// [`HandshakeError::NotHttp`], or [`HandshakeError::UnexpectedEof`].
    pub fn recv_eof(&mut self) -> HandshakeError {
        self.end(HandshakeError::UnexpectedEof)
    }

    /// Tells the time. Returns when to call this again. The first call starts the clock.
    ///
    /// # Errors
    ///
    /// If the response is not complete in time: the server's refusal, as far as it arrived,
    /// [`HandshakeError::NotHttp`], or [`HandshakeError::TimedOut`]. The body of a refusal has 200 ms.
    pub fn poll_time(&mut self, now: Timestamp) -> Result<Timestamp, HandshakeError> {
        let at = self.deadline.poll(now);
        let body_at = self.reader.body_deadline(now);
        match at.map(|at| body_at.map_or(at, |body_at| body_at.min(at))) {
            Some(at) if now < at => Ok(at),
            _ => Err(self.end(HandshakeError::TimedOut)),
        }
    }

    fn end(&mut self, error: HandshakeError) -> HandshakeError {
        match self.reader.end() {
            Ok(Some(response)) => HandshakeError::Refused(Box::new(response)),
            Ok(None) => error,
            Err(error) => error,
        }
    }

    /// Checks a 101 as §4.1 requires. `Content-Length` and `Transfer-Encoding` mean nothing in a 101
    /// (RFC 9110 §8.6, RFC 9112 §6.1). Some servers send them, so they are ignored.
    fn check(&self, response: &Response) -> Result<Negotiated, HandshakeError> {
        if !response.is_http_1_1() {
            return Err(HandshakeError::UnsupportedHttpVersion("HTTP/1.0".into()));
        }
        check_upgraded(response.headers().iter(), &self.accept)?;
        // Items 5 and 6.
        self.client.confirm(response.headers().iter(), &self.seed)
    }
}

/// §4.1, items 2 to 4 of what the client checks. `expected` is the accept key.
pub(super) fn check_upgraded<'a, F>(fields: F, expected: &str) -> Result<(), HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    // Item 2: the value is exactly `websocket`.
    let upgrade = required(fields.clone(), "Upgrade")?;
    if !upgrade.eq_ignore_ascii_case(b"websocket") {
        return Err(malformed("Upgrade", upgrade));
    }
    // Item 3: `Connection` contains `upgrade`.
    if !contains(values(fields.clone(), "Connection"), "Upgrade") {
        return Err(match values(fields, "Connection").next() {
            Some(value) => malformed("Connection", value),
            None => HandshakeError::MissingField("Connection"),
        });
    }
    // Item 4: the value proves that the server has read our key.
    let accept = required(fields, "Sec-WebSocket-Accept")?;
    if accept != expected.as_bytes() {
        return Err(HandshakeError::WrongAccept(excerpt(accept)));
    }
    Ok(())
}

/// Omits the request, which may contain credentials.
impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting")
            .field("client", &self.client)
            .field("reader", &self.reader)
            .finish_non_exhaustive()
    }
}

/// Writes the request as §4.1 requires. The setters have checked all values.
fn request(client: &ClientConfig, url: &Url, key: &str) -> Vec<u8> {
    let mut head = Vec::with_capacity(256);
    for part in ["GET ", url.resource(), " HTTP/1.1\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    push_field(
        &mut head,
        "Host",
        client.host.as_deref().unwrap_or_else(|| url.authority()),
    );
    push_field(&mut head, "Upgrade", "websocket");
    push_field(&mut head, "Connection", "Upgrade");
    push_field(&mut head, KEY_FIELD, key);
    for (name, value) in client.all_fields(url) {
        push_field(&mut head, name, &value);
    }
    head.extend_from_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests;
