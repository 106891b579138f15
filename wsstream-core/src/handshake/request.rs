//! A client's request, and the responses to it: RFC 6455 §4.2.1 and §4.2.2, RFC 9112 §3.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::head::RequestParts;
use super::lookup::{malformed, required};
use super::refusal::push_field;
use super::syntax::{excerpt, split_authority, token, values};
use super::target::{self, absolute};
use super::upgrade::{answer, check_method, check_upgrade, is_of_websocket};
use super::{HandshakeError, Headers, Negotiated, Refusal, ServerConfig, origin, subprotocols};
use crate::octets::Octets;

/// Any well-formed request, whether or not it asks for a WebSocket. It owns its head.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    method: Range<usize>,
    target: Range<usize>,
    minor_version: u8,
    headers: Headers,
}

/// The response that accepts a request.
#[derive(PartialEq, Eq)]
#[non_exhaustive]
pub struct Accepted {
    /// The octets to send before any frame.
    pub response: Vec<u8>,
    /// What was agreed on. It opens the connection.
    pub negotiated: Negotiated,
}

impl Request {
    /// Checks the target. The fields are checked when the request is accepted.
    pub(super) fn new(parts: RequestParts) -> Result<Self, HandshakeError> {
        let RequestParts {
            method,
            target,
            minor_version,
            headers,
        } = parts;
        let request = Self {
            method,
            target,
            minor_version,
            headers,
        };
        target::check(request.method(), request.target())?;
        Ok(request)
    }

    /// The method; `GET` in an opening handshake.
    #[must_use]
    pub fn method(&self) -> &str {
        self.headers.text(&self.method)
    }

    /// The request-target as received (RFC 9112 §3.2): a path with a query, or the URI of an `http`, `https`, `ws` or
    /// `wss` resource; `*` only with OPTIONS, and `host:port` only with CONNECT.
    #[must_use]
    pub fn target(&self) -> &str {
        self.headers.text(&self.target)
    }

    /// The path as received, without decoding.
    #[must_use]
    pub fn path(&self) -> &str {
        match self.resource().split('?').next().unwrap_or_default() {
            // RFC 9110 §4.2.3: an empty path is "/".
            "" => "/",
            path => path,
        }
    }

    /// The query: the part after the `?`, as received.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.resource().split_once('?').map(|(_, query)| query)
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The requested host and port: those of the target if it is an absolute URI (RFC 9112 §3.2.2), or
    /// else the `Host` field.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match absolute(self.target()) {
            Some(uri) => Some(uri.authority),
            None => core::str::from_utf8(self.headers.get("Host")?).ok(),
        }
    }

    /// The `Origin` field: the web page that opens the connection, if there is one.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        core::str::from_utf8(self.headers.get(origin::FIELD)?).ok()
    }

    /// The offered subprotocols, in the client's order.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.headers.list(subprotocols::FIELD).filter_map(token)
    }

    /// Builds the response that accepts, and tells what it agrees to.
    ///
    /// It sends nothing: the application can still refuse.
    ///
    /// # Errors
    ///
    /// The first of these that applies. Send the error's [`response`](HandshakeError::response).
    ///
    /// 1. 200, the request is a [health check](Self::is_health_check).
    /// 2. 405, the method is not GET; 426, the version is HTTP/1.0 (§4.2.1 item 1).
    /// 3. 400, `Host` is missing, malformed or duplicate (RFC 9112 §3.2); 400, the request has a body.
    /// 4. 426, the request asks for no upgrade to WebSocket (§4.2.1 item 3), or for another version (§4.4).
    /// 5. 400, `Connection` lacks `Upgrade` (item 4); 400, the key is missing, malformed or duplicate
    ///    (item 5).
    /// 6. 404, the path is not served; 403, the origin is not allowed (§4.2.2 item 4), or the
    ///    host is not one of the server's ([`Hosts`](super::Hosts)).
    /// 7. 400, subprotocols or extensions are malformed; 406, no subprotocol in common.
    pub fn accept(&self, server: &ServerConfig) -> Result<Accepted, HandshakeError> {
        if self.is_health_check(server) {
            return Err(HandshakeError::HealthCheck);
        }
        check_method(self.method())?;
        if self.is_http10() {
            return Err(HandshakeError::Http10);
        }
        self.check_host()?;
        check_no_body(self.headers.iter())?;
        let key = check_upgrade(self.headers.iter())?;
        if !server.serves(self.path()) {
            return Err(HandshakeError::UnknownPath(excerpt(self.path().as_bytes())));
        }
        let negotiated = server.agree(self.headers.iter(), self.host())?;

        let mut response = Vec::from(*b"HTTP/1.1 101 Switching Protocols\r\n");
        for (name, value) in answer(key, negotiated.agreed()) {
            push_field(&mut response, name, &value);
        }
        for (name, value) in server.fields.iter() {
            push_field(&mut response, name, value);
        }
        response.extend_from_slice(b"\r\n");
        Ok(Accepted {
            response,
            negotiated,
        })
    }

    /// The octets of the application's own response. Send them, then close the transport.
    #[must_use]
    pub fn refuse(&self, refusal: &Refusal) -> Vec<u8> {
        // RFC 9110 §9.3.2: the response to HEAD has no body.
        if self.method() == "HEAD" {
            refusal.head()
        } else {
            refusal.to_http1()
        }
    }

    /// RFC 9112 §3.2: a request has exactly one `Host`, and it is valid.
    fn check_host(&self) -> Result<(), HandshakeError> {
        let value = required(self.headers.iter(), "Host")?;
        let host = core::str::from_utf8(value).ok().and_then(split_authority);
        host.map(drop).ok_or_else(|| malformed("Host", value))
    }

    /// Whether the request is a valid one of HTTP without a body, and has nothing of a WebSocket's.
    pub(super) fn is_plain(&self) -> bool {
        // RFC 9112 §3.2: HTTP/1.0 needs no `Host`.
        let may_lack_host = self.is_http10() && self.headers.get("Host").is_none();
        (may_lack_host || self.check_host().is_ok())
            && check_no_body(self.headers.iter()).is_ok()
            && !is_of_websocket(self.headers.iter())
    }

    /// A head of another minor version than 0 and 1 is no request.
    const fn is_http10(&self) -> bool {
        self.minor_version == 0
    }

    /// The path and query.
    fn resource(&self) -> &str {
        match absolute(self.target()) {
            Some(uri) => uri.resource,
            None => self.target(),
        }
    }
}

/// We would have to skip a body before the first frame, and intermediaries may disagree about its end.
pub(super) fn check_no_body<'a, F>(fields: F) -> Result<(), HandshakeError>
where
    F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
{
    let empty = values(fields.clone(), "Content-Length").all(|value| value == b"0");
    if empty && values(fields, "Transfer-Encoding").next().is_none() {
        Ok(())
    } else {
        Err(HandshakeError::RequestBody)
    }
}

/// Shows the method, the path, and the names of fields. The query and the values of fields may be
/// secrets, so only their lengths are shown.
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

/// Omits the response, whose fields may be secrets.
impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("response", &Octets::of(&self.response))
            .field("negotiated", &self.negotiated)
            .finish()
    }
}

#[cfg(test)]
mod tests;
