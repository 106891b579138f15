//! A server's response, as the client received it: RFC 9112 §4, RFC 9110 §15.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::headers::Headers;
use crate::octets::Octets;

mod advice;
mod html;
mod json;
mod line;
mod summary;

pub use self::advice::RetryAfter;

use self::line::Line;
use self::summary::summary;

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

    /// The kind of the `io::Error` that this refusal is: `PermissionDenied` for 401, 403 and 407, `NotFound` for 404 and
    /// 410, `TimedOut` for 408 and 504, `Other` for all other statuses. None is that of a connection which the system
    /// could not open.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn error_kind(&self) -> std::io::ErrorKind {
        match self.status {
            401 | 403 | 407 => std::io::ErrorKind::PermissionDenied,
            404 | 410 => std::io::ErrorKind::NotFound,
            408 | 504 => std::io::ErrorKind::TimedOut,
            _ => std::io::ErrorKind::Other,
        }
    }

    pub(super) const fn is_http_1_1(&self) -> bool {
        self.minor_version == 1
    }

    pub(super) fn set_body(&mut self, body: Vec<u8>) {
        self.body = body;
    }
}

/// One line, for people: the status and the reason, what to do next, and what the body says.
///
/// | of what | shown as |
/// |---|---|
/// | status and reason | `HTTP 404 Not Found` |
/// | the challenges of a 401 or 407: [`authenticate`](Self::authenticate) | `, asks for Basic, Negotiate` |
/// | [`location`](Self::location) of a 3xx, without user, query and fragment | `, to https://example.org/login` |
/// | [`retry_after`](Self::retry_after) | `, try again after 120 s`, or `after` the date |
/// | the body, if it is text and says more than the status | `, "the title of a page"` |
///
/// Of a page, the body's part is its title, or else its first text; of squid's pages, which all have one title, the name
/// of the error; of JSON the member `detail` (RFC 9457), `message`, `error` or a similar one; of other text the first
/// line. No part is longer than 203 characters. Control characters, terminal escapes and the queries of URLs are left
/// out.
///
/// With `{:#}` it leaves the challenges out, for whoever has told them already.
impl fmt::Display for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        let reason = Line::of(self.reason());
        if !reason.is_empty() {
            write!(f, " {}", reason.into_string())?;
        }
        let schemes = self.authenticate().join(", ");
        if !schemes.is_empty() && !f.alternate() {
            write!(f, ", asks for {}", Line::of(&schemes).into_string())?;
        }
        let location = self
            .location()
            .filter(|_| (300..400).contains(&self.status));
        let location = location.map(advice::shown).unwrap_or_default();
        if !location.is_empty() {
            write!(f, ", to {}", location.into_string())?;
        }
        if let Some(retry_after) = self.retry_after() {
            write!(f, ", try again after {retry_after}")?;
        }
        if let Some(summary) = summary(self) {
            // A quote would seem to be the end.
            write!(f, ", \"{}\"", summary.replace('"', "'"))?;
        }
        Ok(())
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
