//! The opening handshake over a socket, for both roles.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io::{self, IoSlice};

use super::engine::READS_PER_POLL;
use super::permit::{Permit, Phase};
use super::recv_buffer::RecvBuffer;
use super::upgraded::Upgraded;
use super::wakers::Task;
use super::wire::Wire;
use super::{Clock, Socket};
use crate::handshake::{
    Acceptor, ClientConfig, Connected, Connecting, HandshakeError, Negotiated, Refusal, Request,
    ServerConfig,
};
use crate::octets::Octets;
use crate::seed::Seed;
use crate::time::Timestamp;
use crate::url::Url;

mod handshake;

pub use handshake::{Accepting, Handshake, Refusing};

/// A socket during its opening handshake.
struct Opening<S, C> {
    wire: Wire<S, C>,
    received: RecvBuffer,
    /// The request or response to write, and how much of it is written.
    outgoing: Vec<u8>,
    written: usize,
    /// When to ask next whether the peer has gone.
    asks_at: Option<Timestamp>,
}

impl<S: Socket, C: Clock> Opening<S, C> {
    fn new(socket: S, clock: C, outgoing: Vec<u8>) -> Self {
        Self {
            wire: Wire::new(socket, clock),
            received: RecvBuffer::default(),
            outgoing,
            written: 0,
            asks_at: None,
        }
    }

    fn poll_write(&mut self) -> Poll<io::Result<()>> {
        while self.written < self.outgoing.len() {
            let rest = IoSlice::new(&self.outgoing[self.written..]);
            self.written += ready!(self.wire.poll_write(&[rest]))?;
        }
        self.wire.poll_flush()
    }

    /// Reads until `receive` has a result. The end of the socket is an error.
    fn poll_receive<R>(
        &mut self,
        mut receive: impl FnMut(&mut &[u8]) -> Result<Option<R>, HandshakeError>,
    ) -> Poll<io::Result<Result<R, HandshakeError>>> {
        loop {
            let (received, _) = self.received.take(|input| {
                let mut rest = &**input;
                let received = receive(&mut rest);
                let taken = input.len() - rest.len();
                *input = &mut core::mem::take(input)[taken..];
                received
            });
            if let Some(received) = received.transpose() {
                // The application may take its time now. An empty buffer goes back to the pool.
                self.received.release();
                return Poll::Ready(Ok(received));
            }
            let read = self.wire.poll_read(self.received.space());
            if !matches!(read, Poll::Ready(Ok(count)) if count > 0) {
                self.received.release();
            }
            match ready!(read)? {
                0 => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                count => self.received.filled(count),
            }
        }
    }

    /// Waits until the peer has gone. Keeps what arrives before. Once the buffer is full, the socket is asked in
    /// intervals, because nothing more is read.
    fn poll_end(&mut self) -> Poll<()> {
        while self.received.has_space() {
            let read = self.wire.poll_read(self.received.space());
            if !matches!(read, Poll::Ready(Ok(count)) if count > 0) {
                self.received.release();
            }
            match ready!(read) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(count) => self.received.filled(count),
            }
        }
        while !self.wire.socket().has_hung_up() {
            let next = self.wire.now() + ASK_INTERVAL;
            let due = *self.asks_at.get_or_insert(next);
            ready!(self.wire.poll_sleep(due));
            self.asks_at = None;
        }
        Poll::Ready(())
    }

    /// Discards what arrives until the end.
    fn poll_drain(&mut self, cx: &Context<'_>) -> Poll<()> {
        for _ in 0..READS_PER_POLL {
            self.received.clear();
            let read = self.wire.poll_read(self.received.space());
            self.received.release();
            match ready!(read) {
                Ok(0) | Err(_) => return Poll::Ready(()),
                Ok(_) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn upgraded(self, negotiated: Negotiated) -> Upgraded<S, C> {
        let Self {
            mut wire, received, ..
        } = self;
        wire.forget_sleep();
        Upgraded {
            pings_by_default: wire.is_from_listener(),
            wire,
            received,
            negotiated,
            request: None,
            response: None,
            spawn: None,
        }
    }
}

/// Prints lengths instead of octets.
impl<S: fmt::Debug, C: fmt::Debug> fmt::Debug for Opening<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening")
            .field("wire", &self.wire)
            .field("received", &self.received)
            .field("outgoing", &Octets::of(&self.outgoing))
            .field("written", &self.written)
            .finish()
    }
}

/// A client's opening handshake: a future that returns the upgraded connection.
///
/// It fails with the socket's error, or with an `io::Error` that has a [`HandshakeError`] inside: for a `wss` URL
/// with `NotSecure`, unless [`ClientConfig::assume_secure`] is on. It sends the URL's password over the socket as it is.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Connect<S, C> {
    opening: Option<Opening<S, C>>,
    connecting: Connecting,
}

impl<S: Socket, C: Clock> Connect<S, C> {
    /// Requests `url` over a socket that is connected to its host. The seed must not be used for anything else.
    pub fn new(socket: S, clock: C, url: &Url, client: &ClientConfig, seed: Seed) -> Self {
        let connecting = client.connect(url, &seed);
        let request = connecting.request().to_vec();
        Self {
            opening: Some(Opening::new(socket, clock, request)),
            connecting,
        }
    }

    fn poll_response(&mut self, cx: &Context<'_>) -> Poll<io::Result<Connected>> {
        let Some(opening) = &mut self.opening else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        self.connecting.check_transport()?;
        opening.wire.register(Task::Driver, cx);
        // Read even if writing fails: a server may refuse before it has read the whole request.
        let written = opening.poll_write();
        let connecting = &mut self.connecting;
        match opening.poll_receive(|input| connecting.receive(input)) {
            Poll::Ready(Ok(Ok(connected))) => {
                return Poll::Ready(Ok(connected));
            }
            Poll::Ready(Ok(Err(error))) => return Poll::Ready(Err(error.into())),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(cut_short(connecting, error))),
            Poll::Pending => {}
        }
        if let Poll::Ready(Err(error)) = written {
            return Poll::Ready(Err(cut_short(connecting, error)));
        }
        poll_deadline(&mut opening.wire, |now| connecting.poll_time(now))
            .map(|error| Err(error.into()))
    }
}

impl<S: Socket, C: Clock> Future for Connect<S, C> {
    type Output = io::Result<Upgraded<S, C>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let connected = ready!(self.poll_response(cx))?;
        let Some(opening) = self.opening.take() else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let upgraded = opening.upgraded(connected.negotiated);
        Poll::Ready(Ok(Upgraded {
            response: Some(connected.response),
            ..upgraded
        }))
    }
}

/// A future that reads a client's request on a server, and leaves the decision about it to you.
///
/// It refuses an invalid or late request itself, and then fails with an `io::Error` that has the [`HandshakeError`]
/// inside. It also answers a health check ([`ServerConfig::health_path`]): with 200, or 503 while the listener shuts
/// down. Then it fails with [`HandshakeError::HealthCheck`], which is no fault and needs no line in a log.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Accept<S, C> {
    opening: Option<Opening<S, C>>,
    acceptor: Acceptor,
    server: Arc<ServerConfig>,
    refusing: Option<(HandshakeError, Refusing<S, C>)>,
}

impl<S: Socket, C: Clock> Accept<S, C> {
    /// Reads the request from an accepted socket.
    pub fn new(socket: S, clock: C, server: Arc<ServerConfig>) -> Self {
        Self {
            opening: Some(Opening::new(socket, clock, Vec::new())),
            acceptor: Acceptor::new(&server),
            server,
            refusing: None,
        }
    }

    /// As [`new`](Self::new), with a permit of the listener that accepted the socket. The connection keeps the permit,
    /// and obeys the listener's shutdown.
    pub fn with_permit(socket: S, clock: C, server: Arc<ServerConfig>, permit: Permit) -> Self {
        let mut accept = Self::new(socket, clock, server);
        if let Some(opening) = &mut accept.opening {
            opening.wire.set_permit(permit);
        }
        accept
    }

    /// Replaces the time limit of the request, for example by what TLS has left of it.
    pub fn within(mut self, limit: Duration) -> Self {
        self.acceptor.set_timeout(limit);
        self
    }

    fn poll_request(
        &mut self,
        cx: &Context<'_>,
    ) -> Poll<io::Result<Result<Request, HandshakeError>>> {
        let Some(opening) = &mut self.opening else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        opening.wire.register(Task::Driver, cx);
        if opening.wire.phase() >= Phase::Finishing {
            return Poll::Ready(Ok(Err(HandshakeError::ShuttingDown)));
        }
        let acceptor = &mut self.acceptor;
        match opening.poll_receive(|input| acceptor.receive(input)) {
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Poll::Ready(Ok(Err(HandshakeError::UnexpectedEof)))
            }
            Poll::Pending => poll_deadline(&mut opening.wire, |now| acceptor.poll_time(now))
                .map(|error| Ok(Err(error))),
            request => request,
        }
    }
}

impl<S: Socket, C: Clock> Future for Accept<S, C> {
    type Output = io::Result<Handshake<S, C>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            if let Some((error, refuse)) = &mut this.refusing {
                // The error of the handshake matters, whether or not the answer arrives.
                let _ = ready!(Pin::new(refuse).poll(cx));
                return Poll::Ready(Err(error.clone().into()));
            }
            let request = ready!(this.poll_request(cx))?;
            let Some(opening) = this.opening.take() else {
                return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
            };
            match request {
                Ok(request) if request.is_health_check(&this.server) => {
                    log_health_check();
                    let error = HandshakeError::HealthCheck;
                    let refusal = error.refusal().unwrap_or_else(|| Refusal::new(200));
                    let refuse = Refusing::new(opening, request.refuse(&refusal));
                    this.refusing = Some((error, refuse));
                }
                Ok(request) => {
                    let server = Arc::clone(&this.server);
                    return Poll::Ready(Ok(Handshake::new(opening, request, server)));
                }
                Err(error) => {
                    log_refusal(&error);
                    let refuse = Refusing::new(opening, error.response());
                    this.refusing = Some((error, refuse));
                }
            }
        }
    }
}

/// Waits for the deadline of the handshake, and returns its error.
fn poll_deadline<S: Socket, C: Clock>(
    wire: &mut Wire<S, C>,
    mut poll_time: impl FnMut(Timestamp) -> Result<Timestamp, HandshakeError>,
) -> Poll<HandshakeError> {
    let mut now = wire.now();
    loop {
        match poll_time(now) {
            Ok(deadline) => {
                ready!(wire.poll_sleep(deadline));
                now = deadline;
            }
            Err(error) => return Poll::Ready(error),
        }
    }
}

/// What a client tells of a socket that failed before the response was complete. A reset may cut a refusal short that
/// was sent before the whole request was read.
fn cut_short(connecting: &mut Connecting, error: io::Error) -> io::Error {
    match connecting.recv_eof() {
        HandshakeError::UnexpectedEof if error.kind() != io::ErrorKind::UnexpectedEof => error,
        told => told.into(),
    }
}

/// Logs why a handshake is refused.
fn log_refusal(error: &HandshakeError) {
    #[cfg(feature = "tracing")]
    tracing::info!(target: "wsstream", %error, "handshake refused");
    #[cfg(not(feature = "tracing"))]
    let _ = error;
}

/// Balancers ask every second or two, so this is for nobody who does not look for it.
fn log_health_check() {
    #[cfg(feature = "tracing")]
    tracing::trace!(target: "wsstream", "health check answered");
}

/// How often a socket that is not read is asked whether its peer has gone.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
