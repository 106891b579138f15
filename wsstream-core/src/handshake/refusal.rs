//! Responses other than 101: RFC 9110 §15, RFC 6455 §4.2.2 and §4.4.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;

use super::field::{Fields, InvalidField, check_field};
use crate::octets::Octets;

/// An HTTP response instead of a connection: an error, a redirect, a plain page.
///
/// ```
/// # use wsstream_core::handshake::Refusal;
/// let refusal = Refusal::new(401)
///     .header("WWW-Authenticate", "Basic realm=\"relay\"")?
///     .body("who are you?\n");
/// assert!(refusal.to_http1().starts_with(b"HTTP/1.1 401 Unauthorized\r\n"));
/// # Ok::<_, wsstream_core::handshake::InvalidField>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    fields: Fields,
    body: Vec<u8>,
}

impl Refusal {
    /// A response without fields and body.
    ///
    /// `status` must be 200 to 599. Any other value would have no meaning, or leave the peer waiting
    /// for more; it becomes 500.
    #[must_use]
    pub const fn new(status: u16) -> Self {
        let status = if status >= 200 && status < 600 {
            status
        } else {
            500
        };
        Self {
            status,
            fields: Fields::new(),
            body: Vec::new(),
        }
    }

    /// The response to an error of the handshake. Its body is the error's text.
    pub(super) fn of(status: u16, error: impl fmt::Display) -> Self {
        let mut refusal = Self::new(status);
        refusal
            .fields
            .push("Content-Type", "text/plain; charset=utf-8");
        match status {
            // RFC 9111 §5.2.2.5: the answer to a health check is only true now.
            200 => refusal.fields.push("Cache-Control", "no-store"),
            // RFC 9110 §15.5.6: a 405 names the allowed methods.
            405 => refusal.fields.push("Allow", "GET"),
            // RFC 6455 §4.4: a 426 names the version that we speak.
            426 => refusal.fields.push("Sec-WebSocket-Version", "13"),
            _ => {}
        }
        refusal.body = format!("{error}\n").into_bytes();
        refusal
    }

    /// Adds a field.
    ///
    /// # Errors
    ///
    /// If the name is not a token, the value has control octets, or the field is one that
    /// [`to_http1`](Self::to_http1) sets: Connection, Content-Length, Transfer-Encoding, Upgrade.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidField> {
        check_field(name, value)?;
        self.fields.push(name, value);
        Ok(self)
    }

    /// Sets the body. Describe it with a `Content-Type` field.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The fields, for a response that another library sends. They do not include the fields of the
    /// connection.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter()
    }

    /// The body, for a response that another library sends.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.body
    }

    /// The octets of an HTTP/1.1 response. Send them, then close the connection.
    #[must_use]
    pub fn to_http1(&self) -> Vec<u8> {
        let mut response = self.head();
        // RFC 9110 §8.6, §15.3.5, §15.4.5: a 204 or 304 has no body, and a 204 no Content-Length.
        if !matches!(self.status, 204 | 304) {
            response.extend_from_slice(&self.body);
        }
        response
    }

    /// The response to a HEAD request: all fields, no body, RFC 9110 §9.3.2.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = Vec::new();
        let status = self.status.to_string();
        for part in ["HTTP/1.1 ", &status, " ", reason(self.status), "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        for (name, value) in self.fields() {
            push_field(&mut head, name, value);
        }
        if !matches!(self.status, 204 | 304) {
            push_field(&mut head, "Content-Length", &self.body.len().to_string());
        }
        if self.status == 426 {
            // RFC 9110 §15.5.22: a 426 names the protocol. §7.8: `Connection` lists `Upgrade`.
            push_field(&mut head, "Upgrade", "websocket");
            push_field(&mut head, "Connection", "Upgrade, close");
        } else {
            push_field(&mut head, "Connection", "close");
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

/// Shows the names of fields, and the length of the body.
impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("fields", &self.fields)
            .field("body", &Octets::of(&self.body))
            .finish()
    }
}

/// Writes one line of a head. The caller has checked the name and the value.
pub(super) fn push_field(head: &mut Vec<u8>, name: &str, value: &str) {
    for part in [name, ": ", value, "\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
}

/// RFC 9110 §15, RFC 6585: the usual phrases, for people. Clients ignore them, and an empty one is
/// valid.
const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn text(refusal: &Refusal) -> String {
        String::from_utf8(refusal.to_http1()).unwrap()
    }

    #[test]
    fn the_octets_of_a_refusal() {
        let page = Refusal::new(200)
            .header("Content-Type", "text/html")
            .unwrap()
            .body("<p>hi");
        assert_eq!(
            text(&page),
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\
             Connection: close\r\n\r\n<p>hi"
        );
        assert_eq!(
            text(&Refusal::new(599)),
            "HTTP/1.1 599 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        assert_eq!(
            text(&Refusal::new(204).body("x")),
            "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn rfc9110_s15_only_final_statuses() {
        for (status, sent) in [
            (0, 500),
            (101, 500),
            (199, 500),
            (200, 200),
            (599, 599),
            (600, 500),
        ] {
            assert_eq!(Refusal::new(status).status(), sent);
        }
    }

    #[test]
    fn fields_cannot_inject() {
        for (name, value) in [
            ("X", "a\r\nY: b"),
            ("X", "a\nb"),
            ("X", "\0"),
            ("X\r\nY", "a"),
            ("X:", "a"),
            ("X ", "a"),
            ("", "a"),
            ("Connection", "keep-alive"),
            ("content-length", "0"),
            ("Transfer-Encoding", "chunked"),
            ("Upgrade", "h2c"),
        ] {
            assert!(
                Refusal::new(400).header(name, value).is_err(),
                "{name:?}: {value:?}"
            );
        }
        assert!(
            Refusal::new(426)
                .header("Sec-WebSocket-Version", "13")
                .is_ok()
        );
    }
}
