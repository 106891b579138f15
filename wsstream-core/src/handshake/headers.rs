//! The header fields of a received head: RFC 9110 §5.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use super::syntax::{elements, trim_ows};
use crate::octets::Octets;

/// The most that [`ClientConfig::max_head`](super::ClientConfig::max_head) and
/// [`ServerConfig::max_head`](super::ServerConfig::max_head) can allow, in octets: 1 MiB.
pub const MAX_HEAD: usize = 1 << 20;

/// The most header fields that a head may have.
pub const MAX_FIELDS: usize = 100;

/// Header fields, in the order of their arrival.
///
/// They are slices of one buffer. Names are case-insensitive (RFC 9110 §5.1). Values are octets, not
/// text (§5.5), without surrounding white space.
///
/// ```
/// # use wsstream_core::handshake::{Acceptor, ServerConfig};
/// # let mut head = &b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nx:  2, 3 \r\n\r\n"[..];
/// # let request = Acceptor::new(&ServerConfig::stream()).receive(&mut head)?.unwrap();
/// // Host: a
/// // X: 1
/// // x:  2, 3
/// let headers = request.headers();
/// assert_eq!(headers.get("X"), Some(&b"1"[..]));
/// assert_eq!(headers.get_str("Host"), Some("a"));
/// assert_eq!(headers.get_all("X").count(), 2);
/// assert!(headers.list("X").eq([b"1", b"2", b"3"]));
/// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    head: Vec<u8>,
    fields: Vec<Field>,
}

/// The position of a field in the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

impl Headers {
    pub(super) const fn new(head: Vec<u8>, fields: Vec<Field>) -> Self {
        Self { head, fields }
    }

    /// All fields: each name as received, and its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> + Clone {
        self.fields
            .iter()
            .map(|field| (self.text(&field.name), trim_ows(self.octets(&field.value))))
    }

    /// The value of the first field called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// The value of the first field called `name` as text; `None` if it is absent, or not UTF-8.
    #[must_use]
    pub fn get_str(&self, name: &str) -> Option<&str> {
        core::str::from_utf8(self.get(name)?).ok()
    }

    /// The values of all fields called `name`.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &[u8]> + Clone {
        self.iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|field| field.1)
    }

    /// The elements of the comma-separated lists in all fields called `name` (RFC 9110 §5.6.1), as
    /// one list, without empty elements.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &[u8]> + Clone {
        self.get_all(name).flat_map(elements)
    }

    /// The number of fields.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are no fields.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// A part of the received head.
    pub(super) fn octets(&self, range: &Range<usize>) -> &[u8] {
        self.head.get(range.clone()).unwrap_or_default()
    }

    /// A part of the received head that is known to be ASCII.
    pub(super) fn text(&self, range: &Range<usize>) -> &str {
        core::str::from_utf8(self.octets(range)).unwrap_or_default()
    }
}

/// Shows the names of fields, and only the lengths of their values, which may be secrets.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.iter().map(|(name, value)| (name, Octets::of(value)));
        f.debug_map().entries(fields).finish()
    }
}
