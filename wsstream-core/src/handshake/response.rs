//! A server's response, as the client received it: RFC 9112 §4, RFC 9110 §15.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::headers::Headers;
use super::syntax::excerpt;
use crate::octets::Octets;

mod advice;

pub use self::advice::RetryAfter;

/// The response that opened a connection (101), or the one that refused it.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    status: u16,
    minor_version: u8,
    reason: Range<usize>,
    headers: Headers,
    body: Vec<u8>,
}

/// The parts of a response's head.
pub(super) struct ResponseParts {
    pub(super) status: u16,
    pub(super) reason: Range<usize>,
    pub(super) minor_version: u8,
    pub(super) headers: Headers,
}

impl Response {
    pub(super) fn new(parts: ResponseParts) -> Self {
        let ResponseParts {
            status,
            reason,
            minor_version,
            headers,
        } = parts;
        Self {
            status,
            minor_version,
            reason,
            headers,
            body: Vec::new(),
        }
    }

    /// The status, 100 to 599.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The reason phrase; empty if it is missing or not ASCII.
    #[must_use]
    pub fn reason(&self) -> &str {
        self.headers.text(&self.reason)
    }

    /// The header fields.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The start of the body of a refusal, at most [`MAX_BODY`](super::MAX_BODY) octets, without its
    /// transfer coding. A 101 has none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) const fn is_http_1_1(&self) -> bool {
        self.minor_version == 1
    }

    pub(super) fn set_body(&mut self, body: Vec<u8>) {
        self.body = body;
    }
}

/// The status, the reason phrase, and the first line of the body, which often says more.
impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if !self.reason().is_empty() {
            write!(f, " {}", self.reason())?;
        }
        let line = self
            .body
            .split(|&octet| octet == b'\n')
            .next()
            .unwrap_or_default();
        let line = excerpt(line.trim_ascii());
        if line.is_empty() {
            Ok(())
        } else {
            write!(f, ", {line:?}")
        }
    }
}

/// Shows only the lengths of the body and of the field values.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("reason", &self.reason())
            .field("headers", &self.headers)
            .field("body", &Octets::of(&self.body))
            .finish()
    }
}

#[cfg(test)]
mod tests;
