//! A stream of octets in messages: the websockify scheme.
//!
//! With the subprotocol `binary`, or none, the stream's octets are the payload of binary messages;
//! with `base64` each text message is one Base64 text (RFC 4648 §4, with padding). The borders of
//! messages carry no meaning, and an empty message is nothing. What is received is handed on as it
//! comes: no message is ever held, however long.

mod base64;

use alloc::boxed::Box;

use crate::connection::{Connection, Event};
use crate::data_kind::DataKind;
use crate::error::Closed;
use crate::frame::EncodedHeader;
use crate::protocol_error::ProtocolError;
use base64::Base64;

/// How octets are carried in messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// As Base64, in text messages.
    Base64,
    /// As they are, in binary messages.
    Binary,
}

impl Encoding {
    /// The encoding that an agreed subprotocol means: `base64` itself, octets as they are for every
    /// other name and for none.
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

/// Octets in and out of a [`Connection`]'s messages.
///
/// ```
/// use wsstream_core::{ByteStream, ConnectionConfig, Connection, Encoding, Seed};
///
/// let mut client = Connection::client(ConnectionConfig::new(), &Seed::new([1; 32]));
/// let mut server = Connection::server(ConnectionConfig::new());
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
    /// The decoder of `base64`; none where octets are carried as they are.
    base64: Option<Box<Base64>>,
}

impl ByteStream {
    /// A stream at its beginning.
    #[must_use]
    pub fn new(encoding: Encoding) -> Self {
        let base64 = (encoding == Encoding::Base64).then(Box::default);
        Self { base64 }
    }

    /// How the octets are carried.
    #[inline]
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        match self.base64 {
            Some(_) => Encoding::Base64,
            None => Encoding::Binary,
        }
    }

    /// Fills `out` from what is at the front of `input`, and returns how many octets it holds now. With
    /// 0, either more is needed or [`Connection::ending`] tells how the stream has ended; all that came
    /// before the end has then been returned.
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
                // There is something for the reader, who will come back for more.
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
                // After a fault the rest is taken, and nothing told of it.
                Ok(Some(_)) | Err(_) => {}
                Ok(None) => return filled,
            }
        }
    }

    /// How many octets are certain to come next just as the stream's reader wants them, but for the
    /// mask: see [`Connection::in_place`].
    #[inline]
    #[must_use]
    pub fn in_place(&self, connection: &Connection) -> usize {
        match self.encoding() {
            Encoding::Binary => connection.in_place(),
            Encoding::Base64 => 0,
        }
    }

    /// How long `len` octets are as payload, before it is compressed.
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

    /// Sends the front of `data` as one message, and returns how many octets that is: at most 64 KiB,
    /// and no more than the outbox has room for, possibly 0.
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

    /// The header, and how much of `data` goes into its frame, for those who write both themselves:
    /// see [`Connection::direct`].
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

/// How much of `data` makes one message.
#[inline]
const fn message_len(data: &[u8]) -> usize {
    if data.len() <= Connection::MAX_STREAM_MESSAGE {
        data.len()
    } else {
        // All of about a length, which was measured to cost less than a short one at the end.
        let frames = data.len().div_ceil(ONE_OF_MANY);
        data.len().div_ceil(frames).next_multiple_of(64)
    }
}

/// With more to follow, a frame with its header stays below 64 KiB, which is what TCP stacks pass on in
/// one piece: a frame that is a little longer makes a small packet of its rest.
const ONE_OF_MANY: usize = 63 << 10;

#[cfg(test)]
mod tests;
