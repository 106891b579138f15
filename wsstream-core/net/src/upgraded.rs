//! The result of an opening handshake.

use wsstream_core::Url;
use wsstream_core::handshake::{Agreed, Negotiated, Request, Response};
use wsstream_core::pump::{self, Socket, Stream, WebSocket};

use crate::runtime::Runtime;

/// A connection right after the opening handshake. Look at what was negotiated, then turn it into a
/// [byte stream](Self::into_stream) or into [whole messages](Self::into_websocket).
///
/// What either has accepted when you drop it is delivered by a task of the runtime.
#[derive(Debug)]
pub struct Upgraded<S: Socket, R: Runtime> {
    upgraded: Box<pump::Upgraded<S, R::Clock>>,
    redirected_to: Option<Box<Url>>,
}

impl<S: Socket + Send + 'static, R: Runtime> Upgraded<S, R> {
    pub(crate) fn opened(upgraded: pump::Upgraded<S, R::Clock>) -> Self {
        Self {
            upgraded: Box::new(upgraded.deliver_by(|delivering| R::spawn(delivering))),
            redirected_to: None,
        }
    }

    pub(crate) fn with_redirected_to(mut self, url: Url) -> Self {
        self.redirected_to = Some(Box::new(url));
        self
    }

    /// Switches keepalive on, as for a connection that this crate dialled or accepted.
    #[cfg(feature = "test-kit")]
    pub(crate) fn ping_by_default(self) -> Self {
        Self {
            upgraded: Box::new(self.upgraded.ping_by_default()),
            ..self
        }
    }

    /// A connection that something else upgraded, such as an HTTP server, or over HTTP/2.
    ///
    /// What was negotiated comes from [`ServerConfig::negotiate`], [`ServerConfig::negotiate_upgrade`] or
    /// [`ClientConfig::confirm`]. `received` is what was already read from the socket behind the head of the handshake.
    ///
    /// It does not call [`Runtime::check`]: on a runtime without timers, the stream may panic when it is polled.
    ///
    /// [`ServerConfig::negotiate`]: wsstream_core::handshake::ServerConfig::negotiate
    /// [`ServerConfig::negotiate_upgrade`]: wsstream_core::handshake::ServerConfig::negotiate_upgrade
    /// [`ClientConfig::confirm`]: wsstream_core::handshake::ClientConfig::confirm
    pub fn new(socket: S, negotiated: Negotiated, received: Vec<u8>) -> Self {
        Self::opened(pump::Upgraded::new(
            socket,
            R::clock(),
            negotiated,
            received,
        ))
    }
}

impl<S: Socket, R: Runtime> Upgraded<S, R> {
    /// The negotiated subprotocol and extensions.
    pub const fn agreed(&self) -> &Agreed {
        self.upgraded.agreed()
    }

    /// The client's request. `None` on a client, and if something else upgraded the connection.
    pub const fn request(&self) -> Option<&Request> {
        self.upgraded.request()
    }

    /// The server's response. `None` on a server, and if something else upgraded the connection.
    pub const fn response(&self) -> Option<&Response> {
        self.upgraded.response()
    }

    /// The URL that [redirects](crate::ClientEndpoint::redirects) have led to, without user and password. `None` if
    /// there were none, and on a server.
    pub fn redirected_to(&self) -> Option<&Url> {
        self.redirected_to.as_deref()
    }

    /// Carries a byte stream, in the encoding of the negotiated subprotocol.
    pub fn into_stream(self) -> R::Stream<Stream<S, R::Clock>> {
        self.upgraded.into_stream().into()
    }

    /// Sends and receives whole messages.
    pub fn into_websocket(self) -> WebSocket<S, R::Clock> {
        self.upgraded.into_websocket()
    }

    pub(crate) fn into_pump_stream(self) -> Stream<S, R::Clock> {
        self.upgraded.into_stream()
    }
}
