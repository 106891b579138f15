//! The server's side of the opening handshake, over any socket.

use std::io;
use std::sync::Arc;

use wsstream_core::handshake::{HandshakeError, Refusal, Request, ServerConfig};
use wsstream_core::pump::{self, Accept, Socket, Stream};

use crate::error::Error;
use crate::log;
use crate::runtime::Runtime;
use crate::upgraded::Upgraded;

/// Accepts a WebSocket on a connected socket, as a byte stream, configured by [`ServerConfig::stream`].
///
/// Each call has its own [`CompressionBudget`](wsstream_core::CompressionBudget). To bound the memory of many
/// connections together, use [`accept_with`] with one [`ServerConfig`], or a [`Listener`](crate::Listener).
///
/// # Errors
///
/// As [`accept_with`] and [`Handshake::accept`].
pub async fn accept<S: Socket + Send + 'static, R: Runtime>(
    socket: S,
) -> Result<R::Stream<Stream<S, R::Clock>>, Error> {
    // Boxed, here and below: otherwise the caller's task reserves the handshake's memory for as long as it runs.
    let accept = Box::pin(async {
        let handshake = accept_with::<S, R>(socket, &ServerConfig::stream()).await?;
        handshake.accept().await
    });
    Ok(accept.await?.into_stream())
}

/// Reads the request of a client from a connected socket. You decide what to answer it.
///
/// # Errors
///
/// The socket's. [`Cause::Handshake`](crate::Cause::Handshake): `InvalidData` for an invalid request and `TimedOut` after
/// [`ServerConfig::handshake_timeout`], both after an answer to the client; `UnexpectedEof` if the client disconnected.
/// `Other` with [`HandshakeError::HealthCheck`] if a load balancer asked at [`ServerConfig::health_path`]: it has
/// got its answer, and that is no fault. `Unsupported` if [`Runtime::check`] fails.
pub async fn accept_with<S: Socket, R: Runtime>(
    socket: S,
    config: &ServerConfig,
) -> Result<Handshake<S, R>, Error> {
    R::check()?;
    let config = Arc::new(config.clone());
    let accept = Accept::new(socket, R::clock(), config).in_span(log::span("unknown"));
    Ok(Handshake::wait(accept).await?)
}

/// A request that waits for your answer. Dropping it closes the socket without an answer.
#[derive(Debug)]
pub struct Handshake<S: Socket, R: Runtime>(Box<pump::Handshake<S, R::Clock>>);

impl<S: Socket, R: Runtime> Handshake<S, R> {
    pub(crate) fn wait(accept: Accept<S, R::Clock>) -> impl Future<Output = io::Result<Self>> {
        let accept = Box::pin(accept);
        async move { Ok(Self(Box::new(accept.await?))) }
    }

    /// The request: its path, header fields, origin, subprotocols and extensions.
    pub const fn request(&self) -> &Request {
        self.0.request()
    }

    /// The socket that the request arrived on.
    pub const fn get_ref(&self) -> &S {
        self.0.get_ref()
    }

    /// Checks whether [`accept`](Self::accept) would accept the request, without answering it. Call it first if you
    /// have expensive work to do before you accept.
    ///
    /// # Errors
    ///
    /// The reason why `accept` would refuse the request.
    pub fn check(&self) -> Result<(), HandshakeError> {
        self.0.check()
    }

    /// As [`check`](Self::check), for [`accept_with`](Self::accept_with).
    ///
    /// # Errors
    ///
    /// The reason why `accept_with` would refuse the request.
    pub fn check_with(&self, config: &ServerConfig) -> Result<(), HandshakeError> {
        self.0.check_with(config)
    }

    /// Runs a future while the client waits for its answer, and drops it as soon as nobody waits any more: see
    /// [`Incoming::while_present`](crate::Incoming::while_present).
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the client has disconnected. It cannot be accepted any more.
    pub async fn while_present<F: Future>(&mut self, work: F) -> Result<F::Output, HandshakeError> {
        self.0.while_present(Box::pin(work)).await
    }

    /// Answers the request as the [`ServerConfig`] says: accepts it, or refuses it.
    ///
    /// # Errors
    ///
    /// The socket's. If the request was refused, [`Cause::Handshake`](crate::Cause::Handshake).
    pub async fn accept(self) -> Result<Upgraded<S, R>, Error>
    where
        S: Send + 'static,
    {
        Ok(Upgraded::opened(Box::pin(self.0.accept()).await?))
    }

    /// Answers the request as another configuration says, which you may choose by what the request asks for: see
    /// [`Incoming::accept_with`](crate::Incoming::accept_with).
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub async fn accept_with(self, config: &ServerConfig) -> Result<Upgraded<S, R>, Error>
    where
        S: Send + 'static,
    {
        let accepting = self.0.accept_with(config);
        Ok(Upgraded::opened(Box::pin(accepting).await?))
    }

    /// Refuses the request with a status, header fields and a body of your choice.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn refuse(self, refusal: &Refusal) -> Result<(), Error> {
        Ok(Box::pin(self.0.refuse(refusal)).await?)
    }
}
