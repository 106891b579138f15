//! Header fields that an application adds: RFC 9110 §5.1 and §5.5.
//!
//! They are checked when they are set, so that no value can smuggle in a second field or a second
//! message, and none can contradict what the handshake itself says.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::syntax::{excerpt, is_token};

/// Why a header field, a subprotocol or an origin cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidField {
    /// The name is no token (RFC 9110 §5.1).
    Name(String),
    /// The origin is not `scheme://host`, `scheme://host:port` or `null` (RFC 6454 §6.2).
    Origin(String),
    /// The handshake sets this field itself.
    Reserved(String),
    /// The subprotocol's name is no token (RFC 6455 §4.1 item 10).
    Subprotocol(String),
    /// The value contains a control octet other than HTAB (RFC 9110 §5.5), for instance a line end.
    Value {
        /// The field's name.
        name: String,
        /// The value.
        value: String,
    },
}

impl fmt::Display for InvalidField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "field name {name:?}, expected a token"),
            Self::Origin(origin) => {
                write!(
                    f,
                    "origin {origin:?}, expected scheme://host[:port] or null"
                )
            }
            Self::Reserved(name) => write!(f, "field {name} is set by the handshake itself"),
            Self::Subprotocol(name) => write!(f, "subprotocol {name:?}, expected a token"),
            Self::Value { name, value } => {
                write!(f, "field {name}: {value:?} contains a control octet")
            }
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

/// Fields that have been checked. `Debug` shows their names only: values may be credentials.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn push(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
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

/// A field of a request or of a 101: nothing that belongs to the handshake.
pub(super) fn check_handshake_field(name: &str, value: &str) -> Result<(), InvalidField> {
    let prefix = name.get(..SEC_WEBSOCKET.len()).unwrap_or_default();
    if prefix.eq_ignore_ascii_case(SEC_WEBSOCKET) {
        return Err(InvalidField::Reserved(name.to_owned()));
    }
    check_field(name, value)
}

/// A field of any message: nothing that says where the message or the connection ends.
pub(super) fn check_field(name: &str, value: &str) -> Result<(), InvalidField> {
    if !is_token(name.as_bytes()) {
        return Err(InvalidField::Name(excerpt(name.as_bytes())));
    }
    if FRAMING
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name))
    {
        return Err(InvalidField::Reserved(name.to_owned()));
    }
    check_value(name, value)
}

pub(super) fn check_value(name: &str, value: &str) -> Result<(), InvalidField> {
    if value
        .bytes()
        .any(|octet| octet.is_ascii_control() && octet != b'\t')
    {
        return Err(InvalidField::Value {
            name: name.to_owned(),
            value: excerpt(value.as_bytes()),
        });
    }
    Ok(())
}

pub(super) fn check_subprotocol(name: &str) -> Result<(), InvalidField> {
    if is_token(name.as_bytes()) {
        Ok(())
    } else {
        Err(InvalidField::Subprotocol(excerpt(name.as_bytes())))
    }
}

const SEC_WEBSOCKET: &str = "Sec-WebSocket-";
const FRAMING: [&str; 4] = [
    "Connection",
    "Content-Length",
    "Transfer-Encoding",
    "Upgrade",
];
