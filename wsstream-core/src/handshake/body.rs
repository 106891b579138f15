//! The body of a refusal: RFC 9112 §6 and §7.1.
//!
//! Only the start of the body is kept, for people to read. A malformed body just ends early, because
//! the refusal matters more.

use alloc::vec::Vec;

use super::headers::Headers;
use super::response::Response;
use super::syntax::contains;

/// How much of the body of a refusal is kept, in octets.
pub const MAX_BODY: usize = 4096;

/// A body that is being received.
pub(super) struct Body {
    octets: Vec<u8>,
    length: Length,
    /// Octets of chunk headers so far.
    overhead: usize,
}

/// How the body's end is found, RFC 9112 §6.3.
#[derive(Clone, Copy)]
enum Length {
    /// This many octets remain.
    Octets(u64),
    /// The body ends with the transport.
    Eof,
    /// Inside the size of a chunk (§7.1); the value so far.
    ChunkSize(Option<u64>),
    /// Inside the extensions behind a chunk's size. This many octets follow the end of the line.
    ChunkExtension(u64),
    /// This many octets of a chunk remain.
    Chunk(u64),
    /// In the line end behind the data of a chunk.
    ChunkEnd,
}

impl Body {
    pub(super) fn of(response: &Response) -> Self {
        let headers = response.headers();
        let length = if matches!(response.status(), 204 | 304) || is_endless(headers) {
            Length::Octets(0)
        } else if contains(headers.get_all("Transfer-Encoding"), "chunked") {
            Length::ChunkSize(None)
        } else if headers.get("Transfer-Encoding").is_some() {
            Length::Eof
        } else {
            headers
                .get("Content-Length")
                .and_then(number)
                .map_or(Length::Eof, Length::Octets)
        };
        Self {
            octets: Vec::new(),
            length,
            overhead: 0,
        }
    }

    /// Takes octets off the front of `input`. Returns whether the body is complete.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> bool {
        loop {
            let room = MAX_BODY - self.octets.len();
            if room == 0 || self.overhead > MAX_BODY || matches!(self.length, Length::Octets(0)) {
                return true;
            }
            let Some((&octet, rest)) = input.split_first() else {
                return false;
            };
            match self.length {
                Length::Octets(left) => {
                    self.length = Length::Octets(left - self.take(input, room, left));
                }
                Length::Eof => {
                    self.take(input, room, u64::MAX);
                }
                Length::Chunk(left) => {
                    let left = left - self.take(input, room, left);
                    self.length = if left == 0 {
                        Length::ChunkEnd
                    } else {
                        Length::Chunk(left)
                    };
                }
                Length::ChunkSize(_) | Length::ChunkExtension(_) | Length::ChunkEnd => {
                    *input = rest;
                    self.overhead += 1;
                    self.length = between_chunks(self.length, octet);
                }
            }
        }
    }

    /// Moves octets from `input` to the body: at most `room`, and at most `left`.
    fn take(&mut self, input: &mut &[u8], room: usize, left: u64) -> u64 {
        let len = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(room)
            .min(input.len());
        let (body, rest) = input.split_at(len);
        self.octets.extend_from_slice(body);
        *input = rest;
        len as u64
    }

    pub(super) fn into_octets(self) -> Vec<u8> {
        self.octets
    }
}

/// Whether the body goes on as long as somebody reads it: events of a page, pictures of a camera. It would tell nothing.
fn is_endless(headers: &Headers) -> bool {
    let value = headers.get("Content-Type").unwrap_or_default();
    ENDLESS.iter().any(|endless| {
        let begin = value.get(..endless.len()).unwrap_or_default();
        begin.eq_ignore_ascii_case(endless.as_bytes())
    })
}

const ENDLESS: [&str; 2] = ["text/event-stream", "multipart/x-mixed-replace"];

/// RFC 9112 §7.1: `chunk-size` in hexadecimal, then extensions, which are ignored, and a line end.
fn between_chunks(length: Length, octet: u8) -> Length {
    match (length, char::from(octet).to_digit(16)) {
        (Length::ChunkSize(size), Some(digit)) => match size.unwrap_or(0).checked_mul(16) {
            Some(size) => Length::ChunkSize(Some(size | u64::from(digit))),
            None => Length::Octets(0),
        },
        (Length::ChunkSize(None), None) => Length::Octets(0),
        (Length::ChunkSize(Some(size)) | Length::ChunkExtension(size), _) if octet == b'\n' => {
            chunk(size)
        }
        (Length::ChunkSize(Some(size)), None) => Length::ChunkExtension(size),
        (Length::ChunkEnd, _) if octet == b'\n' => Length::ChunkSize(None),
        (length, _) => length,
    }
}

/// The state at the start of a chunk. The last chunk has no data.
const fn chunk(size: u64) -> Length {
    if size == 0 {
        Length::Octets(0)
    } else {
        Length::Chunk(size)
    }
}

/// RFC 9110 §8.6: decimal digits only.
fn number(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    if is_number {
        core::str::from_utf8(value).ok()?.parse().ok()
    } else {
        None
    }
}
