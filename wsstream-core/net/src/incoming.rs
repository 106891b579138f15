//! A connection from a listener, before you accept or refuse it.

use std::io;

use wsstream_core::handshake::{HandshakeError, Refusal, Request, ServerConfig};

use crate::descriptor::EndpointAddress;
use crate::error::Error;
use crate::layers::{Begun, Outermost, Reached};
use crate::net_socket::NetSocket;
use crate::runtime::Runtime;
use crate::upgraded::Upgraded;

/// A connection that you accept or refuse. If the listener's plan has a WebSocket layer, the request has arrived and is
/// not answered yet. Dropping an `Incoming` closes the connection without an answer.
#[derive(Debug)]
pub struct Incoming<R: Runtime>(Box<Begun<R>>);

impl<R: Runtime> Incoming<R> {
    pub(crate) fn new(begun: Begun<R>) -> Self {
        Self(Box::new(begun))
    }

    /// The request: its path, header fields, origin, subprotocols and extensions. `None` if the plan has no WebSocket
    /// layer. If one WebSocket runs over another, this is the request for the lower one, which arrives first.
    pub const fn request(&self) -> Option<&Request> {
        match &self.0.reached {
            Reached::Request(handshake) => Some(handshake.request()),
            Reached::Socket(_) => None,
        }
    }

    /// The socket that the request arrived on, or the connection itself if there is no WebSocket layer.
    pub const fn get_ref(&self) -> &NetSocket<R> {
        match &self.0.reached {
            Reached::Request(handshake) => handshake.get_ref(),
            Reached::Socket(socket) => socket,
        }
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<EndpointAddress> {
        self.get_ref().peer_addr()
    }

    /// Checks whether [`accept`](Self::accept) would accept the request, without answering it. Call it first if you
    /// have expensive work to do before you accept, such as dialling a target: see
    /// [`while_present`](Self::while_present). Without a request it succeeds.
    ///
    /// # Errors
    ///
    /// The reason why `accept` would refuse the request.
    pub fn check(&self) -> Result<(), HandshakeError> {
        if self.0.is_late() {
            return Err(HandshakeError::ShuttingDown);
        }
        match &self.0.reached {
            Reached::Request(handshake) => handshake.check(),
            Reached::Socket(_) => Ok(()),
        }
    }

    /// As [`check`](Self::check), for [`accept_with`](Self::accept_with).
    ///
    /// # Errors
    ///
    /// The reason why `accept_with` would refuse the request.
    pub fn check_with(&self, config: &ServerConfig) -> Result<(), HandshakeError> {
        match &self.0.reached {
            Reached::Request(handshake) if !self.0.is_late() => handshake.check_with(config),
            _ => self.check(),
        }
    }

    /// Runs a future while the client waits for its answer, and drops it as soon as nobody waits any more. Use it for
    /// work before you accept that may take long, such as dialling a target. Nothing else limits the time of that work:
    /// the handshake timeout ended when the request was complete, and clients wait 30 s or longer.
    ///
    /// What the client sends meanwhile is kept for the stream, up to about 64 KiB. After that, and for a connection
    /// without a request, nothing is read. Then a reset is noticed within a second on Linux and Android, and an end is not.
    ///
    /// Dropping it loses nothing: you can call it again.
    ///
    /// ```
    /// # use wsstream_core::handshake::Refusal;
    /// # use wsstream_net::{ClientEndpoint, Error, Incoming, Runtime};
    /// # async fn carry<R: Runtime>(mut incoming: Incoming<R>, target: ClientEndpoint<R>) -> Result<(), Error> {
    /// let mut target = match incoming.while_present(target.connect()).await {
    ///     Ok(Ok(target)) => target,
    ///     Ok(Err(_)) => return incoming.refuse(&Refusal::new(502)).await,
    ///     // The listener shuts down, which this answers, or the client has gone.
    ///     Err(_) => return incoming.accept().await.map(drop),
    /// };
    /// let mut stream = incoming.accept().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// * `UnexpectedEof` if the client has disconnected. It cannot be accepted any more.
    /// * `ShuttingDown` if the listener shuts down. [`accept`](Self::accept) then answers with status 503, or closes a
    ///   connection without a request.
    pub async fn while_present<F: Future>(&mut self, work: F) -> Result<F::Output, HandshakeError> {
        // Boxed: otherwise the caller's task has room for it twice.
        self.0.while_present(Box::pin(work)).await
    }

    /// Answers the request as the [`ServerConfig`] says, performs the remaining
    /// layers of the plan, and returns its stream.
    ///
    /// # Errors
    ///
    /// The socket's, and those of TLS. If the request was refused, [`Cause::Handshake`](crate::Cause::Handshake). For a
    /// connection without a request, `TimedOut` with [`StreamError::ShutDown`](wsstream_core::StreamError::ShutDown)
    /// as the cause once the listener shuts down.
    pub async fn accept(self) -> Result<R::Stream<NetSocket<R>>, Error> {
        self.accepted(None).await
    }

    /// Answers the request as another configuration says, and not as the listener's. Choose it by what the request asks
    /// for: its subprotocols, the fields of the answer, origins, limits, keepalive, compression.
    ///
    /// The configuration knows where the listener listens, for the checks of the origin and the host, unless it says so
    /// itself. The listener's own limits of the head and the time of a request have been applied by then. Begin with a
    /// clone of the listener's configuration: clones share one budget of memory for compression. If one WebSocket runs over
    /// another, this is for the lower one. It changes nothing for a connection without a request.
    ///
    /// ```
    /// # use wsstream_core::handshake::{Refusal, ServerConfig};
    /// # use wsstream_net::{Incoming, Runtime};
    /// # async fn decide<R: Runtime>(incoming: Incoming<R>, config: &ServerConfig) -> Result<(), Box<dyn std::error::Error>> {
    /// let config = match incoming.request().map(|request| request.path()) {
    ///     Some("/mqtt") => config.clone().subprotocols(["mqtt"])?,
    ///     Some("/login") => config.clone().header("Set-Cookie", "session=1; HttpOnly")?,
    ///     _ => return Ok(incoming.refuse(&Refusal::new(404)).await?),
    /// };
    /// let stream = incoming.accept_with(&config).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept).
    pub async fn accept_with(
        self,
        config: &ServerConfig,
    ) -> Result<R::Stream<NetSocket<R>>, Error> {
        self.accepted(Some(config)).await
    }

    async fn accepted(
        self,
        config: Option<&ServerConfig>,
    ) -> Result<R::Stream<NetSocket<R>>, Error> {
        let outermost = Box::pin(self.0.finish(config)).await?;
        Ok(outermost.into_socket().into())
    }

    /// As [`accept`](Self::accept), but returns the WebSocket itself, when you want whole messages, or to look at what
    /// was negotiated.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept). `Unsupported`, and nothing is answered, if the last layer of the plan is not a
    /// WebSocket.
    pub async fn upgrade(self) -> Result<Upgraded<NetSocket<R>, R>, Error> {
        self.upgraded(None).await
    }

    /// As [`upgrade`](Self::upgrade), with another configuration: see [`accept_with`](Self::accept_with).
    ///
    /// # Errors
    ///
    /// As [`upgrade`](Self::upgrade).
    pub async fn upgrade_with(
        self,
        config: &ServerConfig,
    ) -> Result<Upgraded<NetSocket<R>, R>, Error> {
        self.upgraded(Some(config)).await
    }

    async fn upgraded(
        self,
        config: Option<&ServerConfig>,
    ) -> Result<Upgraded<NetSocket<R>, R>, Error> {
        let no_websocket = || {
            let reason = "the plan of the listener has no WebSocket on top";
            io::Error::new(io::ErrorKind::Unsupported, reason)
        };
        if !self.0.has_websocket_on_top() {
            return Err(no_websocket().into());
        }
        match Box::pin(self.0.finish(config)).await? {
            Outermost::WebSocket(upgraded) => Ok(upgraded),
            Outermost::Socket(_) => Err(no_websocket().into()),
        }
    }

    /// Refuses the request with a status, header fields and a body of your choice. A connection without a request is
    /// closed.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn refuse(self, refusal: &Refusal) -> Result<(), Error> {
        self.0.refuse(refusal).await
    }
}
