//! The result of the opening handshake.

use alloc::vec::Vec;

use super::codec_pool::ThreadPool;
use super::delivering::{Delivering, Spawn};
use super::engine::Pump;
use super::recv_buffer::RecvBuffer;
use super::stream::Stream;
use super::websocket::WebSocket;
use super::wire::Wire;
use super::{Clock, Socket};
use crate::byte_stream::Encoding;
use crate::handshake::{Agreed, Negotiated, Request, Response};

/// A connection right after the opening handshake. Turn it into a [byte stream](Self::into_stream) or into
/// [whole messages](Self::into_websocket).
#[derive(Debug)]
pub struct Upgraded<S: Socket, C: Clock> {
    pub(super) wire: Wire<S, C>,
    pub(super) received: RecvBuffer,
    pub(super) negotiated: Negotiated,
    /// Whether keepalive is on if the configuration does not say.
    pub(super) pings_by_default: bool,
    pub(super) request: Option<Request>,
    pub(super) response: Option<Response>,
    /// Spawns a task for what a dropped stream had accepted.
    pub(super) spawn: Option<Spawn<S, C>>,
}

impl<S: Socket, C: Clock> Upgraded<S, C> {
    /// A connection that something else upgraded, such as an HTTP library, or over HTTP/2. `received` is what was already
    /// read from the socket behind the head of the handshake.
    #[must_use]
    pub fn new(socket: S, clock: C, negotiated: Negotiated, received: Vec<u8>) -> Self {
        Self {
            wire: Wire::new(socket, clock),
            received: RecvBuffer::new(received),
            negotiated,
            pings_by_default: false,
            request: None,
            response: None,
            spawn: None,
        }
    }

    /// Switches keepalive on unless the configuration says otherwise. Use it if you have dialled the connection, and so
    /// need to know whether the peer is still there.
    #[must_use]
    pub fn ping_by_default(mut self) -> Self {
        self.pings_by_default = true;
        self
    }

    /// Delivers what a dropped stream had accepted, as a system does for a TCP connection: `spawn` starts a task for it on
    /// the runtime. The task ends with the runtime, so wait for `finish` before you end the program.
    ///
    /// Without this, a dropped stream sends only what its socket takes at once.
    ///
    /// ```
    /// # use wsstream_core::pump::{Clock, Delivering, Socket, Upgraded};
    /// # trait Executor { fn spawn(task: impl Future<Output = ()> + Send + 'static); }
    /// # fn delivered<S, C, E: Executor>(upgraded: Upgraded<S, C>) -> Upgraded<S, C>
    /// # where S: Socket + Send + 'static, C: Clock + Send + 'static {
    /// upgraded.deliver_by(|delivering| E::spawn(delivering))
    /// # }
    /// ```
    #[must_use]
    pub const fn deliver_by(mut self, spawn: fn(Delivering<S, C>)) -> Self {
        self.spawn = Some(spawn);
        self
    }

    /// The client's request, on a server. `None` if something else upgraded the connection.
    #[must_use]
    pub const fn request(&self) -> Option<&Request> {
        self.request.as_ref()
    }

    /// The server's response, on a client. `None` if something else upgraded the connection.
    #[must_use]
    pub const fn response(&self) -> Option<&Response> {
        self.response.as_ref()
    }

    /// The negotiated subprotocol and extensions.
    #[must_use]
    pub const fn agreed(&self) -> &Agreed {
        self.negotiated.agreed()
    }

    /// Carries a byte stream, in the encoding of the negotiated subprotocol.
    #[must_use]
    pub fn into_stream(self) -> Stream<S, C> {
        let encoding = Encoding::of(self.agreed().subprotocol());
        let (pump, agreed, spawn) = self.open();
        Stream::resume(pump, encoding, agreed, spawn)
    }

    /// Sends and receives whole messages. Where half close was negotiated, as a stream's configuration does, you can go
    /// on sending after the peer's Close.
    #[must_use]
    pub fn into_websocket(self) -> WebSocket<S, C> {
        let (pump, agreed, spawn) = self.open();
        WebSocket::resume(pump, agreed, spawn)
    }

    fn open(self) -> (Pump<S, C>, Agreed, Option<Spawn<S, C>>) {
        let (mut connection, agreed) = self.negotiated.into_parts();
        connection.set_codec_pool(&ThreadPool);
        if self.pings_by_default {
            connection.ping_by_default();
        }
        let pump = Pump::new(self.wire, connection, self.received);
        (pump, agreed, self.spawn)
    }
}
