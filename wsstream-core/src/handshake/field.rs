//! Header fields that an application adds: RFC 9110 §5.1 and §5.5.
//!
//! The setters check them, so that no value can smuggle in a second field or message, or contradict the
//! handshake's own fields.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::syntax::is_token;

/// Why a header field, a subprotocol or an origin cannot be set.
///
/// The value may contain a secret, such as a token with its line end, or arguments in the wrong order.
/// So the error does not repeat it, but tells which octet is wrong, and where.
///
/// ```
/// # use wsstream_core::handshake::{ClientConfig, InvalidField};
/// // A token from a file, with its line end.
/// let error = ClientConfig::stream().header("Authorization", "Bearer x1y2\n").unwrap_err();
/// assert_eq!(error.to_string(), "field Authorization: control octet 0x0a at 11");
/// assert!(matches!(error, InvalidField::Value { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidField {
    /// The host is not a name or a literal IP address without a port (RFC 3986 §3.2.2).
    Host,
    /// The name is not a token (RFC 9110 §5.1).
    Name(WrongOctet),
    /// The origin is not `scheme://host`, `scheme://host:port` or `null` (RFC 6454 §6.2).
    Origin,
    /// The handshake sets this field itself.
    Reserved(String),
    /// The subprotocol's name is not a token (RFC 6455 §4.1 item 10).
    Subprotocol(WrongOctet),
    /// The value contains a control octet other than HTAB (RFC 9110 §5.5), such as a line end.
    Value {
        /// The field's name.
        name: String,
        /// The control octet.
        wrong: WrongOctet,
    },
}

/// The first wrong octet of a value.
///
/// ```
/// # use wsstream_core::handshake::{ClientConfig, InvalidField};
/// let error = ClientConfig::stream().subprotocol("my protocol").unwrap_err();
/// if let InvalidField::Subprotocol(wrong) = error {
///     assert_eq!((wrong.position, wrong.octet), (2, Some(b' ')));
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrongOctet {
    /// Its position, from 0.
    pub position: usize,
    /// The octet; `None` if the value ends where more is needed.
    pub octet: Option<u8>,
}

impl WrongOctet {
    /// Finds the first octet that is not `good`, or else the end.
    fn first(text: &str, good: impl Fn(u8) -> bool) -> Self {
        let mut octets = text.bytes().enumerate();
        match octets.find(|(_, octet)| !good(*octet)) {
            Some((position, octet)) => Self {
                position,
                octet: Some(octet),
            },
            None => Self {
                position: text.len(),
                octet: None,
            },
        }
    }
}

impl fmt::Display for WrongOctet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.octet {
            Some(octet) => write!(f, "octet {octet:#04x} at {}", self.position),
            None => write!(f, "end at {}", self.position),
        }
    }
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host: expected a name or an IP address, without a port"),
            Self::Name(wrong) => write!(f, "field name: {wrong}, expected a token"),
            Self::Origin => f.write_str("origin: expected scheme://host[:port] or null"),
            Self::Reserved(name) => write!(f, "field {name} is set by the handshake itself"),
            Self::Subprotocol(wrong) => write!(f, "subprotocol: {wrong}, expected a token"),
            Self::Value { name, wrong } => write!(f, "field {name}: control {wrong}"),
        }
    }
}

impl core::error::Error for InvalidField {}

#[cfg(feature = "std")]
impl From<InvalidField> for std::io::Error {
    fn from(error: InvalidField) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}

/// Checked fields. `Debug` shows only their names, because values may be credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// Adds to the value of the field of this name, if there is one.
    pub(super) fn join(&mut self, name: &str, value: &str, separator: &str) {
        let value = value.trim_matches([' ', '\t']);
        let mut fields = self.0.iter_mut();
        match fields.find(|(other, _)| other.eq_ignore_ascii_case(name)) {
            Some((_, joined)) => {
                if !joined.is_empty() && !value.is_empty() {
                    joined.push_str(separator);
                }
                joined.push_str(value);
            }
            None => self.push(name, value),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Checks a field of a request or a 101: it must not belong to the handshake.
pub(super) fn check_handshake_field(name: &str, value: &str) -> Result<(), InvalidField> {
    check_name(name)?;
    let prefix = name.get(..SEC_WEBSOCKET.len()).unwrap_or_default();
    if prefix.eq_ignore_ascii_case(SEC_WEBSOCKET) {
        return Err(InvalidField::Reserved(name.to_owned()));
    }
    check_field(name, value)
}

/// Checks a field of any message: it must not state where the message or the connection ends.
pub(super) fn check_field(name: &str, value: &str) -> Result<(), InvalidField> {
    check_name(name)?;
    if FRAMING
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
    {
        return Err(InvalidField::Reserved(name.to_owned()));
    }
    check_value(name, value)
}

fn check_name(name: &str) -> Result<(), InvalidField> {
    if is_token(name.as_bytes()) {
        Ok(())
    } else {
        Err(InvalidField::Name(not_token(name)))
    }
}

pub(super) fn check_value(name: &str, value: &str) -> Result<(), InvalidField> {
    let good = |octet: u8| !octet.is_ascii_control() || octet == b'\t';
    if value.bytes().all(good) {
        return Ok(());
    }
    Err(InvalidField::Value {
        name: name.to_owned(),
        wrong: WrongOctet::first(value, good),
    })
}

pub(super) fn check_subprotocol(name: &str) -> Result<(), InvalidField> {
    if is_token(name.as_bytes()) {
        Ok(())
    } else {
        Err(InvalidField::Subprotocol(not_token(name)))
    }
}

/// The first octet at which a text is not a token.
fn not_token(text: &str) -> WrongOctet {
    WrongOctet::first(text, |octet| is_token(&[octet]))
}

const SEC_WEBSOCKET: &str = "Sec-WebSocket-";
const FRAMING: [&str; 4] = [
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Upgrade",
];
