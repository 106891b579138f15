//! What the opening handshake leads to.

use alloc::vec::Vec;

use super::Transport;
use super::codec_pool::ThreadPool;
use super::recv_buffer::RecvBuffer;
use super::socket::Socket;
use super::stream::Stream;
use super::wire::Wire;
use crate::byte_stream::Encoding;
use crate::config::{ConnectionConfig, SharedConfig};
use crate::connection::Connection;
use crate::handshake::{Agreed, Request, Response};
use crate::seed::Seed;

/// A connection that was just opened, and has not become a stream or a socket yet.
#[derive(Debug)]
pub struct Opened<T> {
    pub(super) wire: Wire<T>,
    pub(super) received: RecvBuffer,
    pub(super) agreed: Agreed,
    pub(super) config: SharedConfig,
    pub(super) role: Upgraded,
    /// Whether it was made by an adapter, which knows what it runs over.
    pub(super) pings_by_default: bool,
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
}

impl<T: Transport> Opened<T> {
    /// A connection that was opened elsewhere, with HTTP/2 or by another library: what was agreed on,
    /// and what was received behind the handshake. The seed is for a client's masking keys.
    #[must_use]
    pub fn from_upgraded(
        transport: T,
        role: Upgraded,
        agreed: Agreed,
        config: ConnectionConfig,
        received: Vec<u8>,
    ) -> Self {
        let (wire, received) = (Wire::new(transport), RecvBuffer::new(received));
        Self {
            wire,
            received,
            agreed,
            config: config.into(),
            role,
            pings_by_default: false,
            request: None,
            response: None,
        }
    }

    /// The request, on a server. A stream or socket does not keep it.
    #[must_use]
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The response, on a client. A stream or socket does not keep it.
    #[must_use]
    pub const fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// What both ends agreed on.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// It was dialled here, so keepalive is on unless the settings say otherwise.
    pub(super) fn made_by_adapter(mut self) -> Self {
        self.pings_by_default = true;
        self
    }

    /// A byte stream, in the encoding that the agreed subprotocol means.
    #[must_use]
    pub fn into_stream(self) -> Stream<T> {
        let encoding = Encoding::of(self.agreed.subprotocol());
        let mut connection = self.connection();
        if self.agreed.half_close() {
            connection = connection.with_half_close();
        }
        Stream::resume(self.wire, connection, encoding, self.agreed, self.received)
    }

    /// Whole messages. A Close is answered at once.
    #[must_use]
    pub fn into_socket(self) -> Socket<T> {
        let connection = self.connection();
        Socket::resume(self.wire, connection, self.agreed, self.received)
    }

    fn connection(&self) -> Connection {
        let config = self.config.clone();
        let mut connection = match &self.role {
            Upgraded::Client(seed) => Connection::shared(config, Some(seed)),
            Upgraded::Server => Connection::shared(config, None),
        };
        if self.pings_by_default {
            connection.ping_by_default();
        }
        match self.agreed.deflate() {
            Some(deflate) => {
                let mut connection = connection.with_deflate(deflate);
                connection.set_codec_pool(&ThreadPool);
                if let Some(reserved) = self.agreed.reserved() {
                    connection.set_reserved(reserved);
                }
                connection
            }
            None => connection,
        }
    }
}

/// Which end of a connection that was opened elsewhere this is.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum Upgraded {
    /// The client, with the seed of its masking keys.
    Client(Seed),
    /// The server.
    Server,
}
