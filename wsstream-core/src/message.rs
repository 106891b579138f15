//! Whole messages: RFC 6455 §5.6, §6.2 and §8.1.
//!
//! [`Assembler`] collects pieces up to a limit, and checks text as it arrives: invalid text fails the
//! connection at its first wrong octet.

mod conversions;

use alloc::string::String;
use alloc::vec::Vec;
use core::{fmt, mem, str};

use bytes::Bytes;
pub use conversions::NotText;

use crate::connection::{Connection, Event};
use crate::data_kind::DataKind;
use crate::octets::Octets;
use crate::protocol_error::ProtocolError;

/// A whole message: text, which is valid UTF-8 by its type, or octets.
///
/// Text is made `From` a `String` or a `&str`; octets are made from [`Bytes`], a `Vec<u8>`, a slice, or a reference to an
/// array.
///
/// ```
/// # use wsstream_core::Message;
/// let message = Message::from("hello");
/// assert_eq!(message.as_text(), Some("hello"));
/// assert_eq!(message.as_bytes(), b"hello");
/// assert_eq!(message.into_text()?, "hello");
///
/// let message = Message::from(vec![1, 2, 3]);
/// assert_eq!(message.as_text(), None);
/// assert_eq!(message.into_bytes(), [1, 2, 3][..]);
/// # Ok::<(), wsstream_core::NotText>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6455 knows no others")]
pub enum Message {
    /// Text.
    Text(String),
    /// Octets.
    Binary(Bytes),
}

impl Message {
    /// The kind of this message.
    #[must_use]
    pub const fn kind(&self) -> DataKind {
        match self {
            Self::Text(_) => DataKind::Text,
            Self::Binary(_) => DataKind::Binary,
        }
    }

    /// The octets of this message.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(octets) => octets,
        }
    }
}

/// Omits the octets.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Text(_) => "Text",
            Self::Binary(_) => "Binary",
        };
        f.debug_tuple(name)
            .field(&Octets::of(self.as_bytes()))
            .finish()
    }
}

/// Makes whole messages from the events of a [`Connection`].
///
/// ```
/// use wsstream_core::{Assembler, ConnectionConfig, Connection, DataKind, Message, Seed};
///
/// let mut client = Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([1; 32])));
/// let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
/// client.send(DataKind::Text, b"Hel", false)?;
/// client.send(DataKind::Text, b"lo", true)?;
/// let mut wire = client.outbox().octets().to_vec();
/// let message = Assembler::new().recv(&mut server, &mut &mut wire[..]);
/// assert_eq!(message, Some(Message::Text("Hello".into())));
/// # Ok::<(), wsstream_core::Closed>(())
/// ```
#[derive(Default)]
pub struct Assembler {
    text: String,
    /// The start of an incomplete character.
    partial: Vec<u8>,
    binary: Vec<u8>,
}

impl Assembler {
    /// A new assembler.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes octets off the front of `input` up to the end of the next message. If it returns `None`,
    /// either more input is needed, or [`Connection::ending`] tells how the connection ended.
    ///
    /// A message fails the connection if it is longer than
    /// [`ConnectionConfig::max_message`](crate::ConnectionConfig::max_message), or takes longer than
    /// [`ConnectionConfig::message_timeout`](crate::ConnectionConfig::message_timeout).
    pub fn recv(&mut self, connection: &mut Connection, input: &mut &mut [u8]) -> Option<Message> {
        loop {
            let max = connection.config().max_message;
            let Some(Event::Data { kind, payload, end }) = (match connection.recv(input) {
                Ok(Some(event)) => Some(event),
                Ok(None) | Err(_) => {
                    connection.collecting();
                    return None;
                }
            }) else {
                continue;
            };
            let held = self.text.len() + self.partial.len() + self.binary.len();
            // Report faults in the order of their octets: check the text within the limit first.
            let octets = payload.unmask();
            let (fits, rest) = octets.split_at(octets.len().min(max.saturating_sub(held)));
            let end = end && rest.is_empty();
            match kind {
                DataKind::Binary => {
                    self.binary.extend_from_slice(fits);
                    if end {
                        connection.collected();
                        return Some(Message::Binary(mem::take(&mut self.binary).into()));
                    }
                }
                DataKind::Text => {
                    if !self.push_text(fits) || (end && !self.partial.is_empty()) {
                        *self = Self::new();
                        connection.fail(ProtocolError::InvalidUtf8);
                        return None;
                    }
                    if end {
                        connection.collected();
                        return Some(Message::Text(mem::take(&mut self.text)));
                    }
                }
            }
            if !rest.is_empty() {
                *self = Self::new();
                connection.fail(ProtocolError::MessageTooLong(max));
                return None;
            }
        }
    }

    /// Appends text. Returns `false` at the first invalid octet.
    fn push_text(&mut self, mut octets: &[u8]) -> bool {
        while !self.partial.is_empty() {
            let [first, rest @ ..] = octets else {
                return true;
            };
            octets = rest;
            self.partial.push(*first);
            match str::from_utf8(&self.partial) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.partial.clear();
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return false,
            }
        }
        let Some(chunk) = octets.utf8_chunks().next() else {
            return true;
        };
        self.text.push_str(chunk.valid());
        let rest = &octets[chunk.valid().len()..];
        match str::from_utf8(rest) {
            // All of it is complete.
            Ok(_) => true,
            // The end of a character has not arrived yet.
            Err(error) if error.error_len().is_none() => {
                self.partial.extend_from_slice(rest);
                true
            }
            Err(_) => false,
        }
    }
}

/// Omits the octets.
impl fmt::Debug for Assembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assembler")
            .field("text", &Octets::of(&self.text))
            .field("partial", &Octets::of(&self.partial))
            .field("binary", &Octets::of(&self.binary))
            .finish()
    }
}

#[cfg(test)]
mod tests;
