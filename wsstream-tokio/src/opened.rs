//! What an opening handshake gives.

use tokio::io::{AsyncRead, AsyncWrite};
use wsstream_core::ConnectionConfig;
use wsstream_core::handshake::{Agreed, Request, Response};
use wsstream_core::pump::{self, Upgraded};

use crate::transport::Transport;
use crate::{WebSocket, WsStream};

/// A connection that was just opened: what was said and agreed, and what to make of it.
#[derive(Debug)]
pub struct Opened<S> {
    inner: Box<pump::Opened<Transport<S>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Opened<S> {
    /// A connection that was opened elsewhere, by an HTTP server or with HTTP/2: which end this is, what
    /// was agreed on, how it is to behave, and what was received behind the handshake.
    ///
    /// What was agreed is negotiated on header fields, by
    /// [`ServerConfig::negotiate`](crate::ServerConfig::negotiate) and [`ClientConfig::confirm`](crate::ClientConfig::confirm). The
    /// runtime must have timers: else what is made of this panics when it is polled.
    pub fn from_upgraded(
        io: S,
        role: Upgraded,
        agreed: Agreed,
        config: ConnectionConfig,
        received: Vec<u8>,
    ) -> Self {
        let transport = Transport::new(io);
        Self::new(pump::Opened::from_upgraded(
            transport, role, agreed, config, received,
        ))
    }

    pub(crate) fn new(opened: pump::Opened<Transport<S>>) -> Self {
        let inner = Box::new(opened);
        Self { inner }
    }

    /// What both ends agreed on.
    pub const fn agreed(&self) -> &Agreed {
        self.inner.agreed()
    }

    /// The request, on a server.
    pub const fn request(&self) -> Option<&Request> {
        self.inner.request()
    }

    /// The response, on a client.
    pub const fn response(&self) -> Option<&Response> {
        self.inner.response()
    }

    /// A byte stream, in the encoding that the agreed subprotocol means.
    pub fn into_stream(self) -> WsStream<S> {
        WsStream {
            inner: Box::new(self.inner.into_stream()),
        }
    }

    /// Whole messages.
    pub fn into_socket(self) -> WebSocket<S> {
        WebSocket {
            inner: Box::new(self.inner.into_socket()),
        }
    }
}
