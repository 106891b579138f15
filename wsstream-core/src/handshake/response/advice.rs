//! What a response says about what to do next: RFC 9110 §10.2.2, §10.2.3, §11.6.1 and §11.7.1.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Response;
use super::line::Line;
use crate::handshake::syntax::{is_token_octet, token, trim_ows};

/// When to try again (RFC 9110 §10.2.3).
///
/// ```
/// # use wsstream_core::handshake::RetryAfter;
/// use std::time::Duration;
///
/// fn wait(advice: Option<RetryAfter<'_>>) -> Duration {
///     match advice {
///         Some(RetryAfter::Seconds(seconds)) => Duration::from_secs(seconds),
///         // A date, or nothing: as long as we think right.
///         _ => Duration::from_secs(30),
///     }
/// }
/// # assert_eq!(wait(None).as_secs(), 30);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter<'a> {
    /// An HTTP date (RFC 9110 §5.6.7), as the server wrote it. This crate has no calendar.
    Date(&'a str),
    /// This many seconds after the response was received.
    Seconds(u64),
}

impl Response {
    /// Where the server says that the resource is (RFC 9110 §10.2.2): a URI or a relative reference, as it was
    /// received. `None` if there is no such field, if there are several that differ, or if the value is empty or not
    /// visible ASCII (RFC 3986 §2).
    ///
    /// It may hold a secret, such as a token in its query. `Display` shows it without query, fragment and user.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        let mut values = self.headers().get_all("Location");
        let value = values.next()?;
        let is_visible = !value.is_empty() && value.iter().all(u8::is_ascii_graphic);
        if is_visible && values.all(|other| other == value) {
            core::str::from_utf8(value).ok()
        } else {
            None
        }
    }

    /// When the server says to try again: `Retry-After` (RFC 9110 §10.2.3). `None` without that field, or if its value
    /// is neither a number of seconds nor looks like a date.
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter<'_>> {
        let value = core::str::from_utf8(self.headers().get("Retry-After")?).ok()?;
        let is_date_octet = |octet: u8| octet.is_ascii_alphanumeric() || b" ,:-".contains(&octet);
        match value.bytes().next()? {
            b'0'..=b'9' => value.parse().ok().map(RetryAfter::Seconds),
            // RFC 9110 §5.6.7: all three formats begin with the day's name.
            b'A'..=b'Z' if value.len() <= LONGEST_DATE && value.bytes().all(is_date_octet) => {
                Some(RetryAfter::Date(value))
            }
            _ => None,
        }
    }

    /// The names of the authentication schemes that a 401 asks for in `WWW-Authenticate`, or a 407 in
    /// `Proxy-Authenticate` (RFC 9110 §11.6.1, §11.7.1): each once, in order, at most 16. Empty for other responses.
    ///
    /// Scheme names are case-insensitive, and come here as they were received.
    ///
    /// ```
    /// # use wsstream_core::handshake::ResponseReader;
    /// let mut input = &b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\
    ///     WWW-Authenticate: Basic realm=\"a, b\", Negotiate\r\n\r\n"[..];
    /// let response = ResponseReader::upgrade(16 << 10).receive(&mut input)?.unwrap();
    /// assert_eq!(response.authenticate(), ["Basic", "Negotiate"]);
    /// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
    /// ```
    #[must_use]
    pub fn authenticate(&self) -> Vec<&str> {
        let name = match self.status() {
            401 => "WWW-Authenticate",
            407 => "Proxy-Authenticate",
            _ => return Vec::new(),
        };
        let mut schemes: Vec<&str> = Vec::new();
        for value in self.headers().get_all(name) {
            for scheme in Elements(value).filter_map(scheme) {
                // The limit keeps the search for equal ones short.
                if schemes.len() == MAX_SCHEMES {
                    return schemes;
                }
                if !schemes.iter().any(|one| one.eq_ignore_ascii_case(scheme)) {
                    schemes.push(scheme);
                }
            }
        }
        schemes
    }
}

/// A location without what may be a secret: user and password, also where they miss their `@`, query, fragment.
pub(super) fn shown(location: &str) -> Line {
    let text = location.split(['?', '#']).next().unwrap_or_default();
    // Browsers take backslashes for slashes, and any number of them before the host.
    let text = text.replace('\\', "/");
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if has_authority(scheme, rest) => (scheme, rest),
        _ => ("", text.as_str()),
    };
    let begin = match scheme {
        "" if !rest.starts_with("//") => String::new(),
        "" => String::from("//"),
        scheme => [scheme, "://"].concat(),
    };
    let rest = if begin.is_empty() {
        rest
    } else {
        rest.trim_start_matches('/')
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (address, host) = host.split_at(host.find(']').map_or(0, |end| end + 1));
    let host = match host.split_once(':') {
        Some((name, port)) if !port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        _ => host,
    };
    Line::of(&[&begin, address, host, path].concat())
}

/// Whether a host comes behind a scheme. Of these four it does even without slashes.
fn has_authority(scheme: &str, rest: &str) -> bool {
    let is_scheme = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    let is_ours = ["http", "https", "ws", "wss"]
        .iter()
        .any(|one| one.eq_ignore_ascii_case(scheme));
    scheme.bytes().all(is_scheme) && (is_ours || rest.starts_with("//"))
}

/// "120 s", or the date.
impl fmt::Display for RetryAfter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => f.write_str(date),
            Self::Seconds(seconds) => write!(f, "{seconds} s"),
        }
    }
}

/// The elements of a list in which quoted strings may contain commas (RFC 9110 §5.6.1, §5.6.4).
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let (mut quoted, mut escaped) = (false, false);
        let is_comma = |octet: &u8| {
            let is_comma = *octet == b',' && !quoted;
            match octet {
                _ if escaped => escaped = false,
                b'\\' => escaped = quoted,
                b'"' => quoted = !quoted,
                _ => {}
            }
            is_comma
        };
        let end = self.0.iter().position(is_comma).unwrap_or(self.0.len());
        let (element, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(trim_ows(element))
    }
}

/// The scheme, if a challenge begins with this element. Other elements are further parameters of the challenge before:
/// a name, and `=` behind it, perhaps after blanks.
fn scheme(element: &[u8]) -> Option<&str> {
    let end = element.iter().position(|octet| !is_token_octet(*octet));
    let (name, rest) = element.split_at(end.unwrap_or(element.len()));
    let is_parameter = trim_ows(rest).first() == Some(&b'=');
    let is_scheme = !is_parameter && matches!(rest.first(), None | Some(b' ' | b'\t'));
    token(name).filter(|name| is_scheme && name.len() <= LONGEST_SCHEME)
}

/// "Wednesday, 09-Nov-94 08:49:37 GMT" has 33 octets.
const LONGEST_DATE: usize = 40;

/// The most schemes that are reported. Servers ask for one to three.
const MAX_SCHEMES: usize = 16;

/// The longest registered name is "SCRAM-SHA-256". No scheme is longer than this.
const LONGEST_SCHEME: usize = 32;
