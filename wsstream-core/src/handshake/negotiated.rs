//! From what was agreed on to an open connection.

use super::agreed::Agreed;
use crate::byte_stream::{ByteStream, Encoding};
use crate::config::SharedConfig;
use crate::connection::Connection;
use crate::role::Role;
use crate::seed::Seed;

/// A negotiation that has succeeded: what was agreed on, and all that it takes to open the connection accordingly. Every
/// handshake ends with one, so that nothing of what was agreed on can be forgotten.
///
/// ```
/// # use wsstream_core::handshake::ServerConfig;
/// let fields = [("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Extensions", "permessage-deflate")];
/// let fields = fields.map(|(name, value)| (name, value.as_bytes()));
/// let negotiated = ServerConfig::stream().negotiate(fields)?;
/// assert!(negotiated.agreed().deflate().is_some());
/// // The connection compresses.
/// let (connection, stream) = negotiated.open();
/// # Ok::<_, wsstream_core::handshake::HandshakeError>(())
/// ```
#[derive(Debug)]
pub struct Negotiated {
    agreed: Agreed,
    config: SharedConfig,
    /// The seed of a client's masking keys. `None` on a server.
    seed: Option<Seed>,
}

impl Negotiated {
    pub(super) const fn new(agreed: Agreed, config: SharedConfig, seed: Option<Seed>) -> Self {
        Self {
            agreed,
            config,
            seed,
        }
    }

    /// For a connection on which no extension and no subprotocol was agreed: by a handshake that this crate has not seen.
    /// A client has a seed, which must not be used for anything else.
    #[must_use]
    pub fn nothing(config: impl Into<SharedConfig>, seed: Option<Seed>) -> Self {
        Self::new(Agreed::default(), config.into(), seed)
    }

    /// The agreed subprotocol and extensions.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// Which end this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self.seed {
            Some(_) => Role::Client,
            None => Role::Server,
        }
    }

    /// Opens the connection, as a byte stream in the encoding of the agreed subprotocol.
    #[must_use]
    pub fn open(self) -> (Connection, ByteStream) {
        let stream = ByteStream::new(Encoding::of(self.agreed.subprotocol()));
        (self.connection(), stream)
    }

    /// Opens the connection alone, for whole messages.
    #[must_use]
    pub fn connection(self) -> Connection {
        self.into_parts().0
    }

    pub(crate) fn into_parts(self) -> (Connection, Agreed) {
        let Self {
            agreed,
            config,
            seed,
        } = self;
        let mut connection = Connection::without_extensions(config, seed.as_ref());
        if agreed.half_close() {
            connection = connection.with_half_close();
        }
        if let Some(deflate) = agreed.deflate() {
            connection = connection.with_deflate(deflate);
            if let Some(reserved) = agreed.reserved() {
                connection.set_reserved(reserved);
            }
        }
        (connection, agreed)
    }
}

/// Whether the same was agreed on, at the same end.
impl PartialEq for Negotiated {
    fn eq(&self, other: &Self) -> bool {
        self.agreed == other.agreed && self.role() == other.role()
    }
}

impl Eq for Negotiated {}

#[cfg(test)]
mod tests {
    use super::super::{Acceptor, ClientConfig, ServerConfig};
    use super::*;
    use crate::{ConnectionConfig, Url};

    /// What both ends support is used, with nothing said about it: compression, half close, the encoding.
    #[test]
    fn what_was_agreed_is_what_is_opened() {
        let url = Url::parse("ws://localhost/").unwrap();
        for (compresses, encoding) in [(true, Encoding::Base64), (false, Encoding::Binary)] {
            let name = match encoding {
                Encoding::Base64 => "base64",
                Encoding::Binary => "binary",
            };
            let config = ConnectionConfig::new()
                .compression(compresses)
                .half_close(compresses);
            let client = ClientConfig::stream()
                .subprotocols([name])
                .unwrap()
                .config(config);
            let mut connecting = client.connect(&url, &Seed::new([7; 32]));
            let server = ServerConfig::stream();
            let request = Acceptor::new(&server).receive(&mut connecting.request());
            let accepted = request.unwrap().unwrap().accept(&server).unwrap();
            let connected = connecting.receive(&mut &accepted.response[..]);
            let connected = connected.unwrap().unwrap();
            assert_eq!(connected.negotiated.role(), Role::Client);
            assert_eq!(accepted.negotiated.role(), Role::Server);
            let (mut client, mut from_client) = connected.negotiated.open();
            let (mut server, mut to_server) = accepted.negotiated.open();
            assert_eq!(
                (from_client.encoding(), to_server.encoding()),
                (encoding, encoding)
            );
            assert_eq!(
                (client.half_close(), server.half_close()),
                (compresses, compresses)
            );

            let sent = [b'a'; 700];
            assert_eq!(from_client.write(&mut client, &sent), Ok(700));
            let mut wire = client.outbox().octets().to_vec();
            let (mut received, mut count, mut input) = ([0; 700], 0, &mut wire[..]);
            while count < received.len() {
                let read = to_server.read(&mut server, &mut input, &mut received[count..]);
                assert!(read > 0);
                count += read;
            }
            assert!(received == sent && input.is_empty());
            assert_eq!(server.counters().messages_inflated, u64::from(compresses));
        }
    }
}
