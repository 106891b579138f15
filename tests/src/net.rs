//! What an adapter offers around its stream: opening handshakes, whole messages, dialling, listening.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ::tokio::runtime::Builder;
use wsstream_core::handshake::{
    Agreed, ClientConfig, HandshakeError, Refusal, Request, Response, ServerConfig,
};
use wsstream_core::pump::Upgraded;
#[cfg(feature = "rustls")]
use wsstream_core::tls::{ClientTls, ServerTls};
use wsstream_core::{ConnectionConfig, Message};

use crate::flood::Flood;
use crate::io::{Read, Write};
use crate::runtime::{OneThread, Runtime, Stream, Thread};
use crate::{AnyThread, AsyncStd, FuturesRaw, Raw, Smol, Tokio};

/// A runtime's adapter, as far as it does not dial or listen.
pub trait Adapter: OneThread {
    /// Its request in hand.
    type Incoming: Incoming<Io = Self::Raw, Opened = Self::Opened>;

    /// What it makes of a handshake.
    type Opened: Opened<Stream = Self::Stream, Socket = Self::Socket>;

    /// Its whole messages.
    type Socket: Socket;

    /// What polls on a thread.
    type Thread: Thread;

    /// A thread for counting what it allocates.
    fn thread() -> Self::Thread;

    /// A transport that always has more.
    fn flood(flood: Flood) -> Self::Raw;

    /// The adapter's `connect_on`.
    fn connect_on(
        raw: Self::Raw,
        client: &ClientConfig,
    ) -> impl Future<Output = io::Result<Self::Opened>> + Send;

    /// The adapter's `accept_with`.
    fn accept_with(
        raw: Self::Raw,
        server: &ServerConfig,
    ) -> impl Future<Output = io::Result<Self::Incoming>> + Send;

    /// The adapter's `accept`.
    fn accept_stream(
        raw: Self::Raw,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static;

    /// The adapter's `Opened::from_upgraded`, with nothing agreed on.
    fn from_upgraded(raw: Self::Raw, role: Upgraded, received: Vec<u8>) -> Self::Opened;
}

/// A runtime whose adapter dials and listens.
pub trait Net: Adapter {
    /// What is dialled and listened on.
    type Io: Io;

    /// A stream over that.
    type NetStream: Stream<Raw = Self::Io>;

    /// What dialling gives.
    type NetOpened: Opened<Stream = Self::NetStream>;

    /// What listens.
    type Listener: Listener<Incoming: Incoming<Io = Self::Io, Opened = Self::NetOpened>>;

    /// The adapter's `Listener::bind`, to a free port.
    fn bind(server: ServerConfig) -> impl Future<Output = Self::Listener> + Send;

    /// The adapter's `connect`.
    fn dial(url: &str) -> impl Future<Output = io::Result<Self::NetStream>> + Send;

    /// The adapter's `connect_with`.
    fn dial_with(
        url: &str,
        client: &ClientConfig,
    ) -> impl Future<Output = io::Result<Self::NetOpened>> + Send;

    /// The adapter's `connect_with_tls`.
    #[cfg(feature = "rustls")]
    fn dial_with_tls(
        url: &str,
        client: &ClientConfig,
        tls: &ClientTls,
    ) -> impl Future<Output = io::Result<Self::NetOpened>> + Send;
}

/// An adapter's transport.
pub trait Io: Read + Write {
    /// The adapter's.
    fn is_tls(&self) -> bool;

    /// The protocol that was agreed on in TLS.
    #[cfg(feature = "rustls")]
    fn alpn_protocol(&self) -> Option<&[u8]>;

    /// The adapter's.
    fn peer_addr(&self) -> SocketAddr;

    /// The adapter's.
    fn local_addr(&self) -> SocketAddr;

    /// Whether its TCP sends at once.
    fn nodelay(&self) -> bool;

    /// Whether the adapter's `into_tcp` succeeds.
    fn gives_tcp(self) -> bool;
}

/// An adapter's listener.
pub trait Listener: Send + Sized + 'static {
    /// Whom it lets in.
    type Incoming: Incoming;

    /// The adapter's.
    fn local_addr(&self) -> SocketAddr;

    /// The adapter's.
    #[must_use]
    fn max_connections(self, connections: usize) -> Self;

    /// The adapter's.
    #[must_use]
    fn max_handshakes(self, handshakes: usize) -> Self;

    /// The adapter's.
    #[cfg(feature = "rustls")]
    #[must_use]
    fn tls(self, tls: ServerTls) -> Self;

    /// The adapter's.
    fn connections(&self) -> usize;

    /// The adapter's.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Incoming>> + Send;

    /// The adapter's.
    fn shutdown(self, grace: Duration) -> impl Future<Output = usize> + Send + 'static;
}

/// An adapter's request in hand.
pub trait Incoming: Send + Sized + 'static {
    /// What it came over.
    type Io;

    /// What comes of accepting it.
    type Opened: Opened;

    /// The adapter's.
    fn request(&self) -> &Request;

    /// The adapter's.
    fn get_ref(&self) -> &Self::Io;

    /// The adapter's.
    ///
    /// # Errors
    ///
    /// The adapter's.
    fn check(&self) -> Result<(), HandshakeError>;

    /// The adapter's.
    fn accept(self) -> impl Future<Output = io::Result<Self::Opened>> + Send;

    /// The adapter's.
    fn refuse(self, refusal: &Refusal) -> impl Future<Output = io::Result<()>> + Send;
}

/// What an adapter makes of a handshake.
pub trait Opened: Send + Sized + 'static {
    /// Its stream.
    type Stream: Stream;

    /// Its whole messages.
    type Socket: Socket;

    /// The adapter's.
    fn request(&self) -> Option<&Request>;

    /// The adapter's.
    fn response(&self) -> Option<&Response>;

    /// The adapter's.
    fn into_stream(self) -> Self::Stream;

    /// The adapter's.
    fn into_socket(self) -> Self::Socket;
}

/// An adapter's whole messages.
pub trait Socket: Send + 'static {
    /// The adapter's.
    fn recv(&mut self) -> impl Future<Output = io::Result<Option<Message>>> + Send;

    /// The adapter's.
    fn send(&mut self, message: Message) -> impl Future<Output = io::Result<()>> + Send;

    /// The adapter's.
    fn close(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// All adapters have the same names: so this is the same for all, for a runtime, its adapter and its
/// transports.
macro_rules! adapter {
    ($runtime:ident, $adapter:ident, $flood:path, $thread:ty, $new:expr) => {
        impl Adapter for $runtime {
            type Incoming = $adapter::Incoming<Self::Raw>;
            type Opened = $adapter::Opened<Self::Raw>;
            type Socket = $adapter::WebSocket<Self::Raw>;

            type Thread = $thread;

            fn thread() -> $thread {
                $new
            }

            fn flood(flood: Flood) -> Self::Raw {
                $flood(Box::new(flood))
            }

            async fn connect_on(raw: Self::Raw, client: &ClientConfig) -> io::Result<Self::Opened> {
                $adapter::connect_on(raw, "ws://localhost/", client).await
            }

            async fn accept_with(
                raw: Self::Raw,
                server: &ServerConfig,
            ) -> io::Result<Self::Incoming> {
                $adapter::accept_with(raw, server).await
            }

            fn accept_stream(
                raw: Self::Raw,
            ) -> impl Future<Output = io::Result<Self::Stream>> + Send + 'static {
                $adapter::accept(raw)
            }

            fn from_upgraded(raw: Self::Raw, role: Upgraded, received: Vec<u8>) -> Self::Opened {
                let (agreed, config) = (Agreed::default(), ConnectionConfig::new());
                $adapter::Opened::from_upgraded(raw, role, agreed, config, received)
            }
        }

        handshake!($adapter, <$runtime as Runtime>::Raw);
    };
}

macro_rules! net {
    ($runtime:ident, $adapter:ident) => {
        impl Net for $runtime {
            type Io = $adapter::NetStream;
            type NetStream = $adapter::WsStream<Self::Io>;
            type NetOpened = $adapter::Opened<Self::Io>;
            type Listener = $adapter::Listener;

            async fn bind(server: ServerConfig) -> Self::Listener {
                let binding = $adapter::Listener::bind("127.0.0.1:0", server);
                binding.await.unwrap()
            }

            async fn dial(url: &str) -> io::Result<Self::NetStream> {
                $adapter::connect(url).await
            }

            async fn dial_with(url: &str, client: &ClientConfig) -> io::Result<Self::NetOpened> {
                $adapter::connect_with(url, client).await
            }

            #[cfg(feature = "rustls")]
            async fn dial_with_tls(
                url: &str,
                client: &ClientConfig,
                tls: &ClientTls,
            ) -> io::Result<Self::NetOpened> {
                $adapter::connect_with_tls(url, client, tls).await
            }
        }

        impl Io for $adapter::NetStream {
            fn is_tls(&self) -> bool {
                Self::is_tls(self)
            }

            #[cfg(feature = "rustls")]
            fn alpn_protocol(&self) -> Option<&[u8]> {
                self.tls()?.alpn_protocol()
            }

            fn peer_addr(&self) -> SocketAddr {
                Self::peer_addr(self).unwrap()
            }

            fn local_addr(&self) -> SocketAddr {
                Self::local_addr(self).unwrap()
            }

            fn nodelay(&self) -> bool {
                self.tcp().nodelay().unwrap()
            }

            fn gives_tcp(self) -> bool {
                self.into_tcp().is_ok()
            }
        }

        impl Listener for $adapter::Listener {
            type Incoming = $adapter::Incoming<$adapter::NetStream>;

            fn local_addr(&self) -> SocketAddr {
                Self::local_addr(self).unwrap()
            }

            fn max_connections(self, connections: usize) -> Self {
                Self::max_connections(self, connections)
            }

            fn max_handshakes(self, handshakes: usize) -> Self {
                Self::max_handshakes(self, handshakes)
            }

            #[cfg(feature = "rustls")]
            fn tls(self, tls: ServerTls) -> Self {
                Self::tls(self, tls)
            }

            fn connections(&self) -> usize {
                Self::connections(self)
            }

            async fn accept(&mut self) -> io::Result<Self::Incoming> {
                Self::accept(self).await
            }

            fn shutdown(self, grace: Duration) -> impl Future<Output = usize> + Send + 'static {
                Self::shutdown(self, grace)
            }
        }

        handshake!($adapter, $adapter::NetStream);
    };
}

macro_rules! handshake {
    ($adapter:ident, $io:ty) => {
        impl Incoming for $adapter::Incoming<$io> {
            type Io = $io;
            type Opened = $adapter::Opened<$io>;

            fn request(&self) -> &Request {
                Self::request(self)
            }

            fn get_ref(&self) -> &$io {
                Self::get_ref(self)
            }

            fn check(&self) -> Result<(), HandshakeError> {
                Self::check(self)
            }

            async fn accept(self) -> io::Result<Self::Opened> {
                Self::accept(self).await
            }

            async fn refuse(self, refusal: &Refusal) -> io::Result<()> {
                Self::refuse(self, refusal).await
            }
        }

        impl Opened for $adapter::Opened<$io> {
            type Stream = $adapter::WsStream<$io>;
            type Socket = $adapter::WebSocket<$io>;

            fn request(&self) -> Option<&Request> {
                Self::request(self)
            }

            fn response(&self) -> Option<&Response> {
                Self::response(self)
            }

            fn into_stream(self) -> Self::Stream {
                Self::into_stream(self)
            }

            fn into_socket(self) -> Self::Socket {
                Self::into_socket(self)
            }
        }

        impl Socket for $adapter::WebSocket<$io> {
            async fn recv(&mut self) -> io::Result<Option<Message>> {
                Self::recv(self).await
            }

            async fn send(&mut self, message: Message) -> io::Result<()> {
                Self::send(self, message).await
            }

            async fn close(&mut self) -> io::Result<()> {
                Self::close(self).await
            }
        }
    };
}

adapter!(
    Tokio,
    wsstream_tokio,
    Raw::Flood,
    ::tokio::runtime::Runtime,
    Builder::new_current_thread().enable_all().build().unwrap()
);
adapter!(
    AsyncStd,
    wsstream_async_std,
    FuturesRaw::Flood,
    AnyThread,
    AnyThread
);
adapter!(
    Smol,
    wsstream_async_std,
    FuturesRaw::Flood,
    AnyThread,
    AnyThread
);
net!(Tokio, wsstream_tokio);
net!(AsyncStd, wsstream_async_std);
