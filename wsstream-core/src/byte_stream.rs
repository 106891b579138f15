//! A stream of octets carried in messages: the websockify scheme.
//!
//! With the subprotocol `binary`, or none, the octets are the payload of binary messages. With
//! `base64`, each text message is one Base64 text (RFC 4648 §4, with padding). Message boundaries carry
//! no meaning, and empty messages are ignored. Received octets are passed on as they arrive, and no
//! message is ever held, however long.

mod base64;

use alloc::boxed::Box;

use crate::connection::{Connection, Event};
use crate::data_kind::DataKind;
use crate::error::Closed;
use crate::frame::EncodedHeader;
use crate::protocol_error::ProtocolError;
use base64::Base64;

/// How octets are encoded in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Base64, in text messages.
    Base64,
    /// Raw octets, in binary messages.
    Binary,
}

impl Encoding {
    /// The encoding for an agreed subprotocol: Base64 for `base64`, raw octets for any other name and
    /// for none.
    #[must_use]
    pub fn of(subprotocol: Option<&str>) -> Self {
        match subprotocol {
            Some("base64") => Self::Base64,
            _ => Self::Binary,
        }
    }

    /// The subprotocol's name.
    #[must_use]
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Binary => "binary",
        }
    }

    const fn kind(self) -> DataKind {
        match self {
            Self::Base64 => DataKind::Text,
            Self::Binary => DataKind::Binary,
        }
    }
}

/// Carries octets in a [`Connection`]'s messages.
///
/// ```
/// use wsstream_core::{ByteStream, ConnectionConfig, Connection, Encoding, Seed};
///
/// let mut client = Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([1; 32])));
/// let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
/// let mut at_client = ByteStream::new(Encoding::Base64);
/// let mut at_server = ByteStream::new(Encoding::Base64);
///
/// assert_eq!(at_client.write(&mut client, b"hello")?, 5);
/// let mut wire = client.outbox().octets().to_vec();
/// let mut out = [0; 16];
/// assert_eq!(at_server.read(&mut server, &mut &mut wire[..], &mut out), 5);
/// assert_eq!(&out[..5], b"hello");
/// # Ok::<(), wsstream_core::Closed>(())
/// ```
#[derive(Debug)]
pub struct ByteStream {
    /// The decoder for `base64`; `None` for raw octets.
    base64: Option<Box<Base64>>,
}

impl ByteStream {
    /// A new stream.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        let base64 = (encoding == Encoding::Base64).then(Box::default);
        Self { base64 }
    }

    /// The encoding of this stream.
    #[inline]
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        match self.base64 {
            Some(_) => Encoding::Base64,
            None => Encoding::Binary,
        }
    }

    /// Fills `out` from the front of `input`, and returns the number of octets written to it. If that
    /// is 0, either more input is needed, or [`Connection::ending`] tells how the stream has ended. All
    /// octets before the end have then been returned.
    #[inline]
    pub fn read(
        &mut self,
        connection: &mut Connection,
        input: &mut &mut [u8],
        out: &mut [u8],
    ) -> usize {
        let kind = self.encoding().kind();
        let mut filled = 0;
        loop {
            if let Some(base64) = &mut self.base64 {
                filled += base64.take_ready(&mut out[filled..]);
            }
            if filled > 0 && (filled == out.len() || input.is_empty()) {
                // Return octets to the reader first; it will call again.
                return filled;
            }
            let out = &mut out[filled..];
            let max = match &self.base64 {
                Some(base64) => base64.text_for(out.len()),
                None => out.len(),
            };
            match connection.recv_kind(Some(kind), max, input) {
                Ok(Some(Event::Data { payload, end, .. })) => match &mut self.base64 {
                    None => filled += payload.copy_to(out),
                    Some(base64) => {
                        let (count, valid) = base64.decode(payload.unmask(), end, out);
                        filled += count;
                        if !valid {
                            connection.fail(ProtocolError::InvalidBase64);
                        }
                    }
                },
                // After a fault, take the rest and ignore it.
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => return filled,
            }
        }
    }

    /// How many octets are sure to come next that need only unmasking to be what the reader wants: see
    /// [`Connection::in_place`].
    #[inline]
    #[must_use]
    pub fn in_place(&self, connection: &Connection) -> usize {
        match self.encoding() {
            Encoding::Binary => connection.in_place(),
            Encoding::Base64 => 0,
        }
    }

    /// The length of `len` octets as payload, before compression.
    pub(crate) const fn encoded_len(&self, len: usize) -> usize {
        match self.encoding() {
            Encoding::Binary => len,
            Encoding::Base64 => base64::text_len(len),
        }
    }

    const fn decoded_len(&self, len: usize) -> usize {
        match self.encoding() {
            Encoding::Binary => len,
            Encoding::Base64 => base64::octets_in(len),
        }
    }

    /// Sends the front of `data` as one message, and returns how many octets it sent: at most 64 KiB,
    /// and at most as much as the outbox has room for, possibly 0.
    ///
    /// # Errors
    ///
    /// [`Closed`] after our Close, or once the connection is over.
    #[inline]
    pub fn write(&mut self, connection: &mut Connection, data: &[u8]) -> Result<usize, Closed> {
        let room = connection.room();
        let len = match self.encoding() {
            Encoding::Binary => message_len(data).min(room),
            Encoding::Base64 => {
                let text = room.min(Connection::MAX_STREAM_MESSAGE);
                data.len().min(base64::octets_in(text))
            }
        };
        let (data, deflate) = match connection.deflates(self.encoded_len(len)) {
            0 => (&data[..len], false),
            max => (&data[..len.min(self.decoded_len(max))], true),
        };
        let len = data.len();
        if data.is_empty() || self.encoding() == Encoding::Binary {
            return connection.send(self.encoding().kind(), data, !data.is_empty());
        }
        if !connection.can_send() {
            return Err(Closed);
        }
        let kind = DataKind::Text;
        let text_len = base64::text_len(len);
        if deflate
            && connection.send_deflated(kind, text_len, true, |write| base64::encode(data, write))
        {
            return Ok(len);
        }
        let mut message = connection.message(DataKind::Text, base64::text_len(len), true);
        base64::encode(data, |text| message.write(text));
        Ok(len)
    }

    /// The header, and how much of `data` goes into its frame, if you write both yourself: see
    /// [`Connection::direct`].
    #[inline]
    #[must_use]
    pub fn direct(&self, connection: &Connection, data: &[u8]) -> Option<(EncodedHeader, usize)> {
        let len = message_len(data);
        if len == 0 || self.encoding() != Encoding::Binary {
            return None;
        }
        connection
            .direct(DataKind::Binary, len)
            .map(|header| (header, len))
    }
}

/// How much of `data` goes into one message.
#[inline]
const fn message_len(data: &[u8]) -> usize {
    if data.len() <= Connection::MAX_STREAM_MESSAGE {
        data.len()
    } else {
        // Frames of about equal length: measurements show that they cost less than a short one at the
        // end.
        let frames = data.len().div_ceil(ONE_OF_MANY);
        data.len().div_ceil(frames).next_multiple_of(64)
    }
}

/// The frame length if more follows. A frame with its header then stays below 64 KiB, which TCP stacks
/// pass on in one piece; the rest of a slightly longer frame would become a small packet.
const ONE_OF_MANY: usize = 63 << 10;

#[cfg(test)]
mod tests;
