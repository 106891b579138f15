//! What the opening handshake leads to.

use alloc::vec::Vec;

use super::codec_pool::ThreadPool;
use super::recv_buffer::RecvBuffer;
use super::stream::Stream;
use super::websocket::WebSocket;
use super::wire::Wire;
use super::{Clock, Socket};
use crate::byte_stream::Encoding;
use crate::config::SharedConfig;
use crate::connection::Connection;
use crate::handshake::{Agreed, ClientConfig, Request, Response, ServerConfig};
use crate::seed::Seed;

/// A connection that was just upgraded to WebSocket, and has not become a stream or a socket for messages yet.
#[derive(Debug)]
pub struct Upgraded<S, C> {
    pub(super) wire: Wire<S, C>,
    pub(super) received: RecvBuffer,
    pub(super) agreed: Agreed,
    pub(super) config: SharedConfig,
    /// For a client's mask keys; a server has none.
    pub(super) seed: Option<Seed>,
    /// Whether keepalive is on where the settings do not say.
    pub(super) pings_by_default: bool,
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
}

impl<S: Socket, C: Clock> Upgraded<S, C> {
    /// The server's end of a connection that was upgraded elsewhere, with HTTP/2 or by another library: what was
    /// agreed on, and what was received behind the handshake.
    #[must_use]
    pub fn server(
        socket: S,
        clock: C,
        agreed: Agreed,
        config: &ServerConfig,
        received: Vec<u8>,
    ) -> Self {
        let config = config.shared_config().clone();
        Self::new(Wire::new(socket, clock), None, agreed, config, received)
    }

    /// The client's end. The seed must be used for nothing else.
    #[must_use]
    pub fn client(
        socket: S,
        clock: C,
        seed: Seed,
        agreed: Agreed,
        config: &ClientConfig,
        received: Vec<u8>,
    ) -> Self {
        let config = config.shared_config().clone();
        let wire = Wire::new(socket, clock);
        Self::new(wire, Some(seed), agreed, config, received)
    }

    fn new(
        wire: Wire<S, C>,
        seed: Option<Seed>,
        agreed: Agreed,
        config: SharedConfig,
        received: Vec<u8>,
    ) -> Self {
        Self {
            wire,
            received: RecvBuffer::new(received),
            agreed,
            config,
            seed,
            pings_by_default: false,
            request: None,
            response: None,
        }
    }

    /// Switches keepalive on, unless the configuration says otherwise: for connections that were dialled here.
    #[must_use]
    pub fn ping_by_default(mut self) -> Self {
        self.pings_by_default = true;
        self
    }

    /// The request, on a server. What it is made into does not keep it.
    #[must_use]
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The response, on a client. What it is made into does not keep it.
    #[must_use]
    pub const fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// What both ends agreed on.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// A byte stream, in the encoding that the agreed subprotocol means.
    #[must_use]
    pub fn into_stream(self) -> Stream<S, C> {
        let encoding = Encoding::of(self.agreed.subprotocol());
        let mut connection = self.connection();
        if self.agreed.half_close() {
            connection = connection.with_half_close();
        }
        Stream::resume(self.wire, connection, encoding, self.agreed, self.received)
    }

    /// Whole messages. A Close is answered at once.
    #[must_use]
    pub fn into_websocket(self) -> WebSocket<S, C> {
        let connection = self.connection();
        WebSocket::resume(self.wire, connection, self.agreed, self.received)
    }

    fn connection(&self) -> Connection {
        let config = self.config.clone();
        let mut connection = Connection::shared(config, self.seed.as_ref());
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
