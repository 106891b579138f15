//! The server's side of the opening handshake, on any stream.

use std::io;
use std::sync::Arc;

use futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::handshake::{HandshakeError, Refusal, Request, ServerConfig};
use wsstream_core::pump;

use crate::transport::Transport;
use crate::{Opened, WsStream};

/// Accepts a byte stream, as [`ServerConfig::stream`] says.
///
/// Each call has a [`CompressionBudget`](wsstream_core::CompressionBudget) of its own. Where many strangers
/// connect, use [`accept_with`] and one [`ServerConfig`], or a [`Listener`](crate::Listener): then they share one.
///
/// # Errors
///
/// As [`accept_with`] and [`Incoming::accept`].
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(io: S) -> io::Result<WsStream<S>> {
    // In a box, here and below: else the task that serves the stream keeps the room all its life.
    let accept = Box::pin(async {
        let incoming = accept_with(io, &ServerConfig::stream()).await?;
        incoming.accept().await
    });
    Ok(accept.await?.into_stream())
}

/// Waits for the request of whoever has connected `io`.
///
/// # Errors
///
/// The transport's, or with a [`HandshakeError`] inside, which was answered:
/// `InvalidData` for what is no request, `TimedOut`, `UnexpectedEof`.
pub async fn accept_with<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    server: &ServerConfig,
) -> io::Result<Incoming<S>> {
    let server = Arc::new(server.clone());
    Incoming::wait(pump::Accept::new(Transport::new(io), server)).await
}

/// A request that waits for its answer. Dropping it drops the transport without one.
#[derive(Debug)]
pub struct Incoming<S> {
    inner: Box<pump::Incoming<Transport<S>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Incoming<S> {
    pub(crate) async fn wait(accept: pump::Accept<Transport<S>>) -> io::Result<Self> {
        let inner = Box::new(Box::pin(accept).await?);
        Ok(Self { inner })
    }

    /// The request: path, headers, origin, what it offers.
    pub const fn request(&self) -> &Request {
        self.inner.request()
    }

    /// The transport it came over.
    pub const fn get_ref(&self) -> &S {
        &self.inner.transport().io
    }

    /// Whether the server's policy would accept, without answering yet. For those who have more to do
    /// before they accept.
    ///
    /// # Errors
    ///
    /// What [`accept`](Self::accept) would refuse it for.
    pub fn check(&self) -> Result<(), HandshakeError> {
        self.inner.check()
    }

    /// Accepts, if the server's policy does.
    ///
    /// # Errors
    ///
    /// The transport's, or with the [`HandshakeError`] inside for which it was
    /// refused.
    pub async fn accept(self) -> io::Result<Opened<S>> {
        Ok(Opened::new(Box::pin(self.inner.accept()).await?))
    }

    /// Refuses, with any status, fields and body.
    ///
    /// # Errors
    ///
    /// The transport's.
    pub async fn refuse(self, refusal: &Refusal) -> io::Result<()> {
        Box::pin(self.inner.refuse(refusal)).await
    }
}
