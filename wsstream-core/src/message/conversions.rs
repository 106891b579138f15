//! What a message is made of, and what it turns into.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use bytes::Bytes;

use super::Message;

impl Message {
    /// The text, unless the message is octets.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Binary(_) => None,
        }
    }

    /// The text, without a copy.
    ///
    /// # Errors
    ///
    /// If the message is octets, even if these are valid UTF-8.
    pub fn into_text(self) -> Result<String, NotText> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Binary(_) => Err(NotText),
        }
    }

    /// The octets, of text too, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(octets) => octets,
        }
    }
}

/// Text.
impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// Text. Copies it.
impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// Octets.
impl From<Bytes> for Message {
    fn from(octets: Bytes) -> Self {
        Self::Binary(octets)
    }
}

/// Octets.
impl From<Vec<u8>> for Message {
    fn from(octets: Vec<u8>) -> Self {
        Self::Binary(octets.into())
    }
}

/// Octets. Copies them.
impl From<&[u8]> for Message {
    fn from(octets: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(octets))
    }
}

/// Octets. Copies them.
impl<const N: usize> From<&[u8; N]> for Message {
    fn from(octets: &[u8; N]) -> Self {
        octets[..].into()
    }
}

/// A message is octets where text was expected.
///
/// ```
/// # use wsstream_core::{Message, NotText};
/// assert_eq!(Message::from(b"hello").into_text(), Err(NotText));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to add")]
pub struct NotText;

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message of octets, expected text")
    }
}

impl core::error::Error for NotText {}

#[cfg(feature = "std")]
impl From<NotText> for std::io::Error {
    fn from(error: NotText) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}
