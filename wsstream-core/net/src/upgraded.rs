//! What an opening handshake gives.

use std::io;

use wsstream_core::handshake::{Agreed, ClientConfig, Request, Response, ServerConfig};
use wsstream_core::pump::{self, Socket, Stream, WebSocket};

use crate::runtime::Runtime;
use crate::seed::seed;

/// A connection that was just upgraded to WebSocket: what was said and agreed, and what to make of it.
#[derive(Debug)]
pub struct Upgraded<S: Socket, R: Runtime>(Box<pump::Upgraded<S, R::Clock>>);

impl<S: Socket, R: Runtime> Upgraded<S, R> {
    pub(crate) fn new(upgraded: pump::Upgraded<S, R::Clock>) -> Self {
        Self(Box::new(upgraded))
    }

    /// The server's end of a connection that was upgraded elsewhere, by an HTTP server or with HTTP/2: what
    /// [`ServerConfig::negotiate`] or [`ServerConfig::negotiate_upgrade`] has agreed to, and what was received
    /// behind the handshake.
    ///
    /// The runtime must have timers: else what is made of this panics when it is polled.
    pub fn server(socket: S, agreed: Agreed, config: &ServerConfig, received: Vec<u8>) -> Self {
        Self::new(pump::Upgraded::server(
            socket,
            R::clock(),
            agreed,
            config,
            received,
        ))
    }

    /// The client's end of a connection that was upgraded elsewhere: what [`ClientConfig::confirm`] has agreed
    /// to, and what was received behind the handshake.
    ///
    /// # Errors
    ///
    /// The system's, if it has no random numbers.
    pub fn client(
        socket: S,
        agreed: Agreed,
        config: &ClientConfig,
        received: Vec<u8>,
    ) -> io::Result<Self> {
        Ok(Self::new(pump::Upgraded::client(
            socket,
            R::clock(),
            seed()?,
            agreed,
            config,
            received,
        )))
    }

    /// What both ends agreed on.
    pub const fn agreed(&self) -> &Agreed {
        self.0.agreed()
    }

    /// The request, on a server that received it here.
    pub const fn request(&self) -> Option<&Request> {
        self.0.request()
    }

    /// The response, on a client that received it here.
    pub const fn response(&self) -> Option<&Response> {
        self.0.response()
    }

    /// A byte stream, in the encoding that the agreed subprotocol means.
    pub fn into_stream(self) -> R::Stream<Stream<S, R::Clock>> {
        self.0.into_stream().into()
    }

    /// Whole messages.
    pub fn into_websocket(self) -> WebSocket<S, R::Clock> {
        self.0.into_websocket()
    }

    pub(crate) fn into_pump_stream(self) -> Stream<S, R::Clock> {
        self.0.into_stream()
    }
}
