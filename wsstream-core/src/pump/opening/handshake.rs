//! A request in hand, and the answer to it.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;

use super::{Opening, log_refusal};
use crate::handshake::{Accepted, HandshakeError, Negotiated, Refusal, Request, ServerConfig};
use crate::pump::permit::Phase;
use crate::pump::upgraded::Upgraded;
use crate::pump::wakers::Task;
use crate::pump::{Clock, Socket};
use crate::time::Timestamp;

/// A request that waits for your answer. Dropping it drops the socket without an answer.
#[derive(Debug)]
pub struct Handshake<S, C> {
    opening: Opening<S, C>,
    request: Request,
    server: Arc<ServerConfig>,
    /// Whether the client has disconnected.
    is_gone: bool,
}

impl<S: Socket, C: Clock> Handshake<S, C> {
    pub(super) const fn new(
        opening: Opening<S, C>,
        request: Request,
        server: Arc<ServerConfig>,
    ) -> Self {
        Self {
            opening,
            request,
            server,
            is_gone: false,
        }
    }

    /// The request.
    #[must_use]
    pub const fn request(&self) -> &Request {
        &self.request
    }

    /// Checks whether [`accept`](Self::accept) would accept the request, without answering it. Call it first if you
    /// have expensive work to do before you accept.
    ///
    /// # Errors
    ///
    /// The reason why `accept` would refuse the request.
    pub fn check(&self) -> Result<(), HandshakeError> {
        self.accepted().map(drop)
    }

    fn accepted(&self) -> Result<Accepted, HandshakeError> {
        if self.opening.wire.phase() >= Phase::Finishing {
            return Err(HandshakeError::ShuttingDown);
        }
        if self.is_gone {
            return Err(HandshakeError::UnexpectedEof);
        }
        self.request.accept(&self.server)
    }

    /// The socket that the request arrived on.
    #[must_use]
    pub const fn get_ref(&self) -> &S {
        self.opening.wire.socket()
    }

    /// Runs a future while the client waits for its answer, and drops it as soon as nobody waits any more. Use it for
    /// work before you accept that may take long, such as dialling a target. The time that it takes is limited by
    /// nothing else: the handshake timeout ended when the request was complete.
    ///
    /// What the client sends meanwhile is kept for the stream, up to the receive buffer's length of about 64 KiB. Then
    /// reading stops until the request is accepted, and a client that leaves is noticed as far as
    /// [`Socket::has_hung_up`] can tell, within a second.
    ///
    /// Dropping it loses nothing: you can call it again.
    ///
    /// # Errors
    ///
    /// * `UnexpectedEof` if the client has disconnected. It cannot be accepted any more.
    /// * `ShuttingDown` if the listener shuts down. [`accept`](Self::accept) then answers with status 503.
    pub async fn while_present<F: Future>(&mut self, work: F) -> Result<F::Output, HandshakeError> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(output) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            self.poll_gone(cx).map(Err)
        })
        .await
    }

    #[cfg(test)]
    pub(crate) const fn has_buffer(&self) -> bool {
        self.opening.received.has_buffer()
    }

    /// Waits until nobody waits for the answer any more. Keeps what arrives meanwhile.
    fn poll_gone(&mut self, cx: &Context<'_>) -> Poll<HandshakeError> {
        self.opening.wire.register(Task::Driver, cx);
        if self.opening.wire.phase() >= Phase::Finishing {
            return Poll::Ready(HandshakeError::ShuttingDown);
        }
        if !self.is_gone {
            ready!(self.opening.poll_end());
            self.is_gone = true;
        }
        Poll::Ready(HandshakeError::UnexpectedEof)
    }

    /// Answers the request as the [`ServerConfig`] says: accepts it, or refuses it. The future returns the upgraded
    /// connection.
    pub fn accept(self) -> Accepting<S, C> {
        let accepted = self.accepted();
        let Self {
            mut opening,
            request,
            server,
            ..
        } = self;
        let answer = match accepted {
            Ok(accepted) => {
                opening.outgoing = accepted.response;
                let deadline = opening.wire.now() + server.handshake_timeout;
                Progress::Accepting {
                    opening,
                    request,
                    negotiated: accepted.negotiated,
                    deadline,
                }
            }
            Err(error) => {
                log_refusal(&error);
                let refusal = error.refusal().unwrap_or_else(|| Refusal::new(500));
                let response = request.refuse(&refusal);
                Progress::Refusing(error, Refusing::new(opening, response))
            }
        };
        Accepting(Some(answer))
    }

    /// Refuses the request with a status, header fields and a body of your choice.
    pub fn refuse(self, refusal: &Refusal) -> Refusing<S, C> {
        let response = self.request.refuse(refusal);
        Refusing::new(self.opening, response)
    }
}

/// The future of [`Handshake::accept`], which returns the upgraded connection. If the configuration refuses the
/// request, it sends the refusal, and then fails with an `io::Error` that has the [`HandshakeError`] inside.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Accepting<S, C>(Option<Progress<S, C>>);

#[derive(Debug)]
enum Progress<S, C> {
    Accepting {
        opening: Opening<S, C>,
        request: Request,
        negotiated: Negotiated,
        deadline: Timestamp,
    },
    Refusing(HandshakeError, Refusing<S, C>),
}

impl<S: Socket, C: Clock> Future for Accepting<S, C> {
    type Output = io::Result<Upgraded<S, C>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            Some(Progress::Accepting {
                opening, deadline, ..
            }) => {
                opening.wire.register(Task::Driver, cx);
                if opening.poll_write()?.is_pending() {
                    ready!(opening.wire.poll_sleep(*deadline));
                    return Poll::Ready(Err(HandshakeError::TimedOut.into()));
                }
            }
            Some(Progress::Refusing(error, refuse)) => {
                let _ = ready!(Pin::new(refuse).poll(cx));
                return Poll::Ready(Err(error.clone().into()));
            }
            None => {}
        }
        let Some(Progress::Accepting {
            opening,
            request,
            negotiated,
            ..
        }) = self.0.take()
        else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let upgraded = opening.upgraded(negotiated);
        Poll::Ready(Ok(Upgraded {
            request: Some(request),
            ..upgraded
        }))
    }
}

/// The future of [`Handshake::refuse`], which sends the answer, ends the write direction, and then discards what
/// arrives until the peer ends, for 2 s at most. If it dropped the socket with unread octets, a reset could destroy the
/// answer.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Refusing<S, C> {
    opening: Opening<S, C>,
    deadline: Timestamp,
}

impl<S: Socket, C: Clock> Refusing<S, C> {
    pub(super) fn new(mut opening: Opening<S, C>, response: Vec<u8>) -> Self {
        (opening.outgoing, opening.written) = (response, 0);
        let deadline = opening.wire.now() + LINGER;
        Self { opening, deadline }
    }
}

impl<S: Socket, C: Clock> Future for Refusing<S, C> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { opening, deadline } = &mut *self;
        opening.wire.register(Task::Driver, cx);
        if opening.poll_write()?.is_ready() && opening.wire.poll_shutdown().is_ready() {
            // The answer is sent. How the peer ends does not matter.
            if opening.poll_drain(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            ready!(opening.wire.poll_sleep(*deadline));
            return Poll::Ready(Ok(()));
        }
        ready!(opening.wire.poll_sleep(*deadline));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

/// The time for a refused peer to read the answer.
const LINGER: Duration = Duration::from_secs(2);
