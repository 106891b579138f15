//! The head of a request or a response: RFC 9112 §2 to §5.
//!
//! [`Head`] takes octets up to the blank line, in pieces of any size, and looks at each octet once. It
//! rejects ambiguous input at the first octet that shows it: a bare CR or LF, a control octet, a folded
//! field. It skips one empty line before the start line, as §2.2 asks of a server, but not a second.
//! `httparse` parses the complete head once.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;
use core::time::Duration;

use super::beginning::{Beginning, Foreign};
use super::error::HandshakeError;
use super::headers::{Field, Headers, MAX_FIELDS};
use super::response::ResponseParts;
use super::syntax::excerpt;
use crate::Timestamp;
use crate::octets::Octets;

/// Whether a head is a request's or a response's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Request,
    Response,
}

/// A head that is being received.
pub(super) struct Head {
    kind: Kind,
    /// The most octets that it may have.
    max: usize,
    /// Whether it is HTTP at all. Of requests it is not looked at: their answer says what is wrong with the first line.
    beginning: Beginning,
    octets: Vec<u8>,
    /// Octets scanned so far.
    seen: usize,
    /// Complete lines, including the start line.
    lines: usize,
    /// Octets of the current line.
    line: usize,
    after_cr: bool,
    skipped_empty_line: bool,
}

impl Head {
    pub(super) const fn new(kind: Kind, max: usize) -> Self {
        Self {
            kind,
            max,
            beginning: match kind {
                Kind::Request => Beginning::ignored(),
                Kind::Response => Beginning::new(),
            },
            octets: Vec::new(),
            seen: 0,
            lines: 0,
            line: 0,
            after_cr: false,
            skipped_empty_line: false,
        }
    }

    /// Takes octets of the head off the front of `input`. Returns whether the head is complete.
    ///
    /// Do not call this again after that, or after an error.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Result<bool, HandshakeError> {
        let mut taken = 0;
        for &octet in *input {
            taken += 1;
            // Before anything is said about line ends and control octets, which other protocols have.
            if !self.beginning.receive(octet).map_err(not_http)? {
                continue;
            }
            match self.scan(octet)? {
                Scan::Inside => {}
                Scan::StartLine => {
                    self.take(input, taken);
                    // Reject another protocol as soon as its first line is complete. It may never send
                    // a blank line.
                    check_version(self.kind, self.start_line())?;
                    return self.receive(input);
                }
                Scan::End => {
                    self.take(input, taken);
                    return Ok(true);
                }
            }
        }
        self.take(input, taken);
        Ok(false)
    }

    fn take(&mut self, input: &mut &[u8], len: usize) {
        let (head, rest) = input.split_at(len);
        self.octets.extend_from_slice(head);
        *input = rest;
    }

    fn scan(&mut self, octet: u8) -> Result<Scan, HandshakeError> {
        self.seen += 1;
        if self.seen > self.max {
            return Err(HandshakeError::HeadTooLarge(self.max));
        }
        match octet {
            b'\n' if self.after_cr => {
                self.after_cr = false;
                return self.line_end();
            }
            // RFC 9112 §2.2: only CR LF ends a line. Reject any other line end, so that a proxy cannot
            // see different fields than we do.
            _ if self.after_cr => return Err(HandshakeError::BareCr),
            b'\r' => self.after_cr = true,
            b'\n' => return Err(HandshakeError::BareLf),
            // RFC 9112 §5.2: obsolete line folding.
            b' ' | b'\t' if self.line == 0 && self.lines > 0 => {
                return Err(HandshakeError::FoldedField);
            }
            b'\t' | b' '..=b'~' | 0x80.. => {
                if self.line == 0 && self.lines > MAX_FIELDS {
                    return Err(HandshakeError::TooManyFields);
                }
                self.line += 1;
            }
            _ => return Err(HandshakeError::ControlOctet(octet)),
        }
        Ok(Scan::Inside)
    }

    fn line_end(&mut self) -> Result<Scan, HandshakeError> {
        if self.line == 0 {
            if self.lines > 0 {
                return Ok(Scan::End);
            }
            if self.skipped_empty_line {
                return Err(malformed_start_line(self.kind, b""));
            }
            self.skipped_empty_line = true;
            return Ok(Scan::Inside);
        }
        self.line = 0;
        self.lines += 1;
        Ok(if self.lines == 1 {
            Scan::StartLine
        } else {
            Scan::Inside
        })
    }

    /// Whether it cannot become a head any more.
    pub(super) fn is_foreign(&self) -> bool {
        self.beginning.is_foreign()
    }

    /// What is wrong, if it cannot become a head any more.
    pub(super) fn foreign(&self) -> Option<HandshakeError> {
        self.beginning.incomplete().map(not_http)
    }

    /// How many octets are missing at least: the rest of CR LF CR LF.
    pub(super) const fn least_missing(&self) -> usize {
        match (self.lines > 0 && self.line == 0, self.after_cr) {
            (true, true) => 1,
            (true, false) => 2,
            (false, true) => 3,
            (false, false) => 4,
        }
    }

    /// The first line, without its line end.
    fn start_line(&self) -> &[u8] {
        let octets = self.octets.strip_prefix(b"\r\n").unwrap_or(&self.octets);
        octets
            .split(|&octet| octet == b'\r')
            .next()
            .unwrap_or_default()
    }

    /// The parts of a complete request head.
    pub(super) fn into_request(self) -> Result<RequestParts, HandshakeError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let parsed = request.parse(&self.octets);
        self.complete(parsed)?;
        let method = range_of(request.method.unwrap_or_default(), &self.octets);
        let target = range_of(request.path.unwrap_or_default(), &self.octets);
        let minor_version = request.version.unwrap_or_default();
        let fields = field_ranges(request.headers, &self.octets);
        // RFC 3986 §2: a URI is ASCII, but httparse accepts UTF-8.
        if !self.octets[target.clone()].is_ascii() {
            return Err(self.malformed_start_line());
        }
        let headers = Headers::new(self.octets, fields);
        Ok(RequestParts {
            method,
            target,
            minor_version,
            headers,
        })
    }

    /// The parts of a complete response head.
    pub(super) fn into_response(self) -> Result<ResponseParts, HandshakeError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        let parsed = response.parse(&self.octets);
        self.complete(parsed)?;
        let status = response.code.unwrap_or_default();
        let reason = range_of(response.reason.unwrap_or_default(), &self.octets);
        let minor_version = response.version.unwrap_or_default();
        let fields = field_ranges(response.headers, &self.octets);
        // RFC 9110 §15: a status has three digits, the first from 1 to 5.
        if !(100..600).contains(&status) {
            return Err(self.malformed_start_line());
        }
        let headers = Headers::new(self.octets, fields);
        Ok(ResponseParts {
            status,
            reason,
            minor_version,
            headers,
        })
    }

    /// Maps the errors of httparse to ours.
    fn complete(&self, parsed: httparse::Result<usize>) -> Result<(), HandshakeError> {
        match parsed {
            Ok(status) if status.is_complete() => Ok(()),
            Err(httparse::Error::TooManyHeaders) => Err(HandshakeError::TooManyFields),
            Err(httparse::Error::HeaderName | httparse::Error::HeaderValue) => {
                Err(HandshakeError::MalformedFieldLine)
            }
            _ => Err(self.malformed_start_line()),
        }
    }

    fn malformed_start_line(&self) -> HandshakeError {
        malformed_start_line(self.kind, self.start_line())
    }
}

/// Omits the received octets.
impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head")
            .field("kind", &self.kind)
            .field("octets", &Octets::of(&self.octets))
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// The parts of a request's head. Ranges refer to the buffer of `headers`.
pub(super) struct RequestParts {
    pub(super) method: Range<usize>,
    pub(super) target: Range<usize>,
    pub(super) minor_version: u8,
    pub(super) headers: Headers,
}

/// The meaning of an octet in the head.
enum Scan {
    Inside,
    StartLine,
    End,
}

/// The total time that a handshake may take. It starts with the first call of [`poll`](Self::poll).
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    timeout: Duration,
    at: Option<Timestamp>,
}

impl Deadline {
    pub(super) const fn new(timeout: Duration) -> Self {
        Self { timeout, at: None }
    }

    /// The time at which the deadline passes; `None` if it has passed.
    pub(super) fn poll(&mut self, now: Timestamp) -> Option<Timestamp> {
        let at = *self.at.get_or_insert(now + self.timeout);
        if now < at { Some(at) } else { None }
    }
}

/// RFC 9112 §2.3: `HTTP/` DIGIT `.` DIGIT, at the end of a request line and the start of a status line.
/// HTTP/1.0 passes here, so that its request is understood before it is refused.
fn check_version(kind: Kind, line: &[u8]) -> Result<(), HandshakeError> {
    let mut words = line.split(|&octet| octet == b' ');
    let version = match kind {
        Kind::Request => words.next_back(),
        Kind::Response => words.next(),
    };
    match version {
        Some(b"HTTP/1.0" | b"HTTP/1.1") => Ok(()),
        Some(version @ [b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(HandshakeError::UnsupportedHttpVersion(excerpt(version)))
        }
        _ => Err(malformed_start_line(kind, line)),
    }
}

fn not_http(foreign: Foreign) -> HandshakeError {
    let Foreign { begins, speaks } = foreign;
    HandshakeError::NotHttp { begins, speaks }
}

/// The line may be a secret, such as another protocol's password. A known protocol's first octets are
/// not secret, and help to find the mistake.
fn malformed_start_line(kind: Kind, line: &[u8]) -> HandshakeError {
    // A client has been told by the first octets: its line begins as a response does.
    let known = match kind {
        Kind::Request => PROTOCOLS.iter().find(|(begin, _)| line.starts_with(begin)),
        Kind::Response => None,
    };
    HandshakeError::MalformedStartLine {
        len: line.len(),
        perhaps: known.map(|(_, name)| *name),
    }
}

const PROTOCOLS: &[(&[u8], &str)] = &[
    (b"SSH-", "SSH"),
    (b"PRI * HTTP/2.0", "HTTP/2"),
    (b"PROXY ", "the PROXY protocol"),
    (b"RFB ", "VNC"),
    (b"HTTP/", "a server"),
    (b"220 ", "a mail or file server"),
    (b"EHLO ", "a mail client"),
];

fn field_ranges(fields: &[httparse::Header<'_>], head: &[u8]) -> Vec<Field> {
    fields
        .iter()
        .map(|field| Field {
            name: range_of(field.name, head),
            value: range_of(field.value, head),
        })
        .collect()
}

/// The range of `part`, a slice of `whole`, within it.
fn range_of(part: impl AsRef<[u8]>, whole: &[u8]) -> Range<usize> {
    let part = part.as_ref();
    let start = part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr());
    // An empty part may be a constant of httparse's own.
    match start.checked_add(part.len()) {
        Some(end) if !part.is_empty() && end <= whole.len() => start..end,
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests;
