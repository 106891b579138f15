//! A connection that a listener gives, before anything is decided.

use std::io;

use wsstream_core::handshake::{HandshakeError, Refusal, Request};

use crate::descriptor::EndpointAddress;
use crate::layers::{Begun, Outermost, Reached};
use crate::net_socket::NetSocket;
use crate::runtime::Runtime;
use crate::upgraded::Upgraded;

/// A connection that waits to be accepted or refused. Where the plan has a WebSocket, its request is in hand
/// and not answered yet. Dropping it drops the connection.
#[derive(Debug)]
pub struct Incoming<R: Runtime>(Box<Begun<R>>);

impl<R: Runtime> Incoming<R> {
    pub(crate) fn new(begun: Begun<R>) -> Self {
        Self(Box::new(begun))
    }

    /// The request: path, headers, origin, what it offers. `None` where the plan has no WebSocket. Where one
    /// WebSocket goes over another it is the request for the inner one, which came first.
    pub const fn request(&self) -> Option<&Request> {
        match &self.0.reached {
            Reached::Request(handshake) => Some(handshake.request()),
            Reached::Socket(_) => None,
        }
    }

    /// The socket that the request came over, or the connection itself where there is no WebSocket.
    pub const fn socket(&self) -> &NetSocket<R> {
        match &self.0.reached {
            Reached::Request(handshake) => handshake.socket(),
            Reached::Socket(socket) => socket,
        }
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<EndpointAddress> {
        self.socket().peer_addr()
    }

    /// Whether [`accept`](Self::accept) would accept the request, without answering yet. Use it when you have
    /// more to do before you accept, such as to dial a target.
    ///
    /// # Errors
    ///
    /// Why it would be refused.
    pub fn check(&self) -> Result<(), HandshakeError> {
        if self.0.is_late() {
            return Err(HandshakeError::ShuttingDown);
        }
        match &self.0.reached {
            Reached::Request(handshake) => handshake.check(),
            Reached::Socket(_) => Ok(()),
        }
    }

    /// Accepts the connection, and gives the plan's stream. A request is accepted if the server's configuration
    /// does, and refused otherwise.
    ///
    /// # Errors
    ///
    /// The socket's, or one with the [`HandshakeError`] inside for which the request was refused.
    pub async fn accept(self) -> io::Result<R::Stream<NetSocket<R>>> {
        let outermost = Box::pin(self.0.finish()).await?;
        Ok(outermost.into_socket().into())
    }

    /// Accepts the connection, and gives the outermost WebSocket: for whole messages, or for a byte stream with
    /// everything that only a WebSocket has.
    ///
    /// # Errors
    ///
    /// As [`accept`](Self::accept); `Unsupported` where the outermost layer of the plan is no WebSocket.
    pub async fn upgrade(self) -> io::Result<Upgraded<NetSocket<R>, R>> {
        match Box::pin(self.0.finish()).await? {
            Outermost::WebSocket(upgraded) => Ok(upgraded),
            Outermost::Socket(_) => Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the plan of the listener has no WebSocket on top",
            )),
        }
    }

    /// Refuses the request, with any status, fields and body. A connection without a request just ends.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn refuse(self, refusal: &Refusal) -> io::Result<()> {
        match self.0.reached {
            Reached::Request(handshake) => handshake.refuse(refusal).await,
            Reached::Socket(_) => Ok(()),
        }
    }
}
