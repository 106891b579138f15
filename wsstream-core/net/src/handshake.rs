//! The server's side of the opening handshake, on any socket.

use std::io;
use std::sync::Arc;

use wsstream_core::handshake::{HandshakeError, Refusal, Request, ServerConfig};
use wsstream_core::pump::{self, Accept, Socket, Stream};

use crate::runtime::Runtime;
use crate::upgraded::Upgraded;

/// Accepts a byte stream, as [`ServerConfig::stream`] says.
///
/// Each call has a [`CompressionBudget`](wsstream_core::CompressionBudget) of its own. Where many strangers connect, use
/// [`accept_with`] and one [`ServerConfig`], or a [`Listener`](crate::Listener): then they share one.
///
/// # Errors
///
/// As [`accept_with`] and [`Handshake::accept`].
pub async fn accept<S: Socket, R: Runtime>(
    socket: S,
) -> io::Result<R::Stream<Stream<S, R::Clock>>> {
    // In a box, here and below: else the task that serves the stream keeps the room all its life.
    let accept = Box::pin(async {
        let handshake = accept_with::<S, R>(socket, &ServerConfig::stream()).await?;
        handshake.accept().await
    });
    Ok(accept.await?.into_stream())
}

/// Waits for the request of the client that has connected `socket`.
///
/// # Errors
///
/// The socket's, or one with a [`HandshakeError`] inside, which was answered: `InvalidData` for what is no
/// request, `TimedOut`, `UnexpectedEof`. `Unsupported`, if [`Runtime::check`] says so.
pub async fn accept_with<S: Socket, R: Runtime>(
    socket: S,
    config: &ServerConfig,
) -> io::Result<Handshake<S, R>> {
    R::check()?;
    let config = Arc::new(config.clone());
    Handshake::wait(Accept::new(socket, R::clock(), config)).await
}

/// An opening handshake that waits for the server's answer. Dropping it drops the socket without one.
#[derive(Debug)]
pub struct Handshake<S: Socket, R: Runtime>(Box<pump::Handshake<S, R::Clock>>);

impl<S: Socket, R: Runtime> Handshake<S, R> {
    pub(crate) fn wait(accept: Accept<S, R::Clock>) -> impl Future<Output = io::Result<Self>> {
        let accept = Box::pin(accept);
        async move { Ok(Self(Box::new(accept.await?))) }
    }

    /// The request: path, headers, origin, what it offers.
    pub const fn request(&self) -> &Request {
        self.0.request()
    }

    /// The socket it came over.
    pub const fn socket(&self) -> &S {
        self.0.socket()
    }

    /// Whether [`accept`](Self::accept) would accept it, without answering yet. Use it when you have more to do
    /// before you accept.
    ///
    /// # Errors
    ///
    /// Why it would be refused.
    pub fn check(&self) -> Result<(), HandshakeError> {
        self.0.check()
    }

    /// Accepts it if the server's configuration does, and refuses it otherwise.
    ///
    /// # Errors
    ///
    /// The socket's, or one with the [`HandshakeError`] inside for which it was refused.
    pub async fn accept(self) -> io::Result<Upgraded<S, R>> {
        Ok(Upgraded::new(Box::pin(self.0.accept()).await?))
    }

    /// Refuses it, with any status, fields and body.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn refuse(self, refusal: &Refusal) -> io::Result<()> {
        Box::pin(self.0.refuse(refusal)).await
    }
}
