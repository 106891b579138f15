//! A client's request, and the answers to it: RFC 6455 §4.2.1 and §4.2.2, RFC 9112 §3.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::head::RequestParts;
use super::lookup::{malformed, required};
use super::refusal::push_field;
use super::syntax::{excerpt, split_authority, token, values};
use super::upgrade::{answer, check_method, check_upgrade};
use super::{Agreed, HandshakeError, Headers, Refusal, ServerConfig, origin, subprotocols};
use crate::octets::Octets;

/// Any well-formed request, whether it asks for a WebSocket or not. It owns its head.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    method: Range<usize>,
    target: Range<usize>,
    minor_version: u8,
    headers: Headers,
}

/// The answer that accepts.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The octets to send, before any frame.
    pub response: Vec<u8>,
    /// What was agreed.
    pub agreed: Agreed,
}

impl Request {
    pub(super) fn new(parts: RequestParts) -> Self {
        let RequestParts {
            method,
            target,
            minor_version,
            headers,
        } = parts;
        Self {
            method,
            target,
            minor_version,
            headers,
        }
    }

    /// The method, `GET` in an opening handshake.
    #[must_use]
    pub fn method(&self) -> &str {
        self.headers.text(&self.method)
    }

    /// The request-target as it came (RFC 9112 §3.2).
    #[must_use]
    pub fn target(&self) -> &str {
        self.headers.text(&self.target)
    }

    /// The path, as it was written: nothing is decoded.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.resource().split('?').next().unwrap_or_default() {
            // RFC 9110 §4.2.3: an empty path is "/".
            "" => "/",
            path => path,
        }
    }

    /// What follows the `?`, as it was written.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.resource().split_once('?').map(|(_, query)| query)
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The host and port that the client wants: what the target says, if it is a whole URI (RFC 9112
    /// §3.2.2), or else the `Host` field.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self.absolute() {
            Some((authority, _)) => Some(authority),
            None => core::str::from_utf8(self.headers.get("Host")?).ok(),
        }
    }

    /// The `Origin` field: the web page that asks, if one does.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        core::str::from_utf8(self.headers.get(origin::FIELD)?).ok()
    }

    /// The subprotocols that are offered, in the client's order.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.headers.list(subprotocols::FIELD).filter_map(token)
    }

    /// The answer that accepts, with what it agrees to.
    ///
    /// Nothing of it has been sent: an application can still refuse.
    ///
    /// # Errors
    ///
    /// The first of these that is the case; send the error's [`response`](HandshakeError::response):
    ///
    /// 1. 405, the method is not GET; 505, it is not HTTP/1.1 (§4.2.1 item 1).
    /// 2. 400, `Host` is missing, malformed or there twice (RFC 9112 §3.2); 400, there is a body.
    /// 3. 426, no upgrade to WebSocket is asked for (§4.2.1 item 3), or another version (§4.4).
    /// 4. 400, `Connection` lacks `Upgrade` (item 4); 400, the key is missing, malformed or there
    ///    twice (item 5).
    /// 5. 404, nothing is served at this path; 403, the origin is not allowed (§4.2.2 item 4).
    /// 6. 400, subprotocols or extensions are malformed; 406, no subprotocol in common.
    pub fn accept(&self, server: &ServerConfig) -> Result<Accepted, HandshakeError> {
        check_method(self.method())?;
        if self.minor_version != 1 {
            return Err(HandshakeError::UnsupportedHttpVersion("HTTP/1.0".into()));
        }
        self.check_host()?;
        self.check_no_body()?;
        let key = check_upgrade(self.headers.iter())?;
        if !server.serves(self.path()) {
            return Err(HandshakeError::UnknownPath(excerpt(self.path().as_bytes())));
        }
        let agreed = server.agree(self.headers.iter(), self.host())?;

        let mut response = Vec::from(*b"HTTP/1.1 101 Switching Protocols\r\n");
        for (name, value) in answer(key, &agreed) {
            push_field(&mut response, name, &value);
        }
        for (name, value) in server.fields.iter() {
            push_field(&mut response, name, value);
        }
        response.extend_from_slice(b"\r\n");
        Ok(Accepted { response, agreed })
    }

    /// An answer of the application's own, as octets to send before the transport is closed.
    #[must_use]
    pub fn refuse(&self, refusal: &Refusal) -> Vec<u8> {
        // RFC 9110 §9.3.2: the answer to HEAD has no body.
        if self.method() == "HEAD" {
            refusal.head()
        } else {
            refusal.to_http1()
        }
    }

    /// RFC 9112 §3.2: exactly one, and a valid one.
    fn check_host(&self) -> Result<(), HandshakeError> {
        let value = required(self.headers.iter(), "Host")?;
        let host = core::str::from_utf8(value).ok().and_then(split_authority);
        host.map(drop).ok_or_else(|| malformed("Host", value))
    }

    /// A body would have to be skipped before the first frame, and others may see its end elsewhere.
    fn check_no_body(&self) -> Result<(), HandshakeError> {
        let empty = values(self.headers.iter(), "Content-Length").all(|value| value == b"0");
        if empty && self.headers.get("Transfer-Encoding").is_none() {
            Ok(())
        } else {
            Err(HandshakeError::RequestBody)
        }
    }

    /// Authority and the rest of a target that is a whole URI, RFC 9112 §3.2.2.
    fn absolute(&self) -> Option<(&str, &str)> {
        let target = self.target();
        if target.starts_with('/') {
            return None;
        }
        let (_, rest) = target.split_once("://")?;
        Some(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
    }

    /// Path and query.
    fn resource(&self) -> &str {
        match self.absolute() {
            Some((_, resource)) => resource,
            None => self.target(),
        }
    }
}

/// Method, path, and names of fields. The query and what the fields say may be secrets, of which the
/// lengths are shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method())
            .field("path", &self.path())
            .field("query", &self.query().map(Octets::of))
            .field("headers", &self.headers)
            .finish()
    }
}

/// Without the response, whose fields may be secrets.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("response", &Octets::of(&self.response))
            .field("agreed", &self.agreed)
            .finish()
    }
}
