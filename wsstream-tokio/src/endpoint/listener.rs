//! Listening where a descriptor says.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::task::JoinSet;
use wsstream_core::Timestamp;
use wsstream_core::endpoint::{self, EndpointAddress, EndpointError, ServerSocket, TlsServer};
use wsstream_core::handshake::Request;
use wsstream_core::pump::{self, EndpointLayers, EndpointServer, Permit, listen_on_first};

use super::EndpointStream;
use crate::timer::{Timer, check_runtime};
#[cfg(feature = "rustls")]
use crate::tls::TlsLayer;
use crate::transport::Transport;

/// Where to listen, as a descriptor says.
#[derive(Clone, Debug)]
pub struct ServerEndpoint(endpoint::ServerEndpoint);

impl ServerEndpoint {
    /// Listens.
    ///
    /// # Errors
    ///
    /// `Unsupported` with an [`UnsupportedEndpoint`](super::UnsupportedEndpoint) inside; those of the socket and of the files of TLS.
    /// `Unsupported` on a runtime without timers (`enable_time`) too.
    pub async fn listen(&self) -> io::Result<EndpointListener> {
        check_runtime()?;
        let plan = self.0.plan()?;
        // First what can be wrong without anybody seeing it.
        let server = EndpointServer::new(Layers, &plan).await?;
        let socket = bind(&plan.socket).await?;
        let port = Port {
            local: socket.local_addr()?,
            socket: Some(socket),
            server: Arc::new(server),
            handshakes: JoinSet::new(),
            timer: Timer::new(),
        };
        let inner = pump::Listener::new(port);
        Ok(EndpointListener { inner })
    }
}

impl FromStr for ServerEndpoint {
    type Err = EndpointError;

    fn from_str(descriptor: &str) -> Result<Self, EndpointError> {
        Ok(endpoint::ServerEndpoint::parse(descriptor)?.into())
    }
}

impl From<endpoint::ServerEndpoint> for ServerEndpoint {
    fn from(endpoint: endpoint::ServerEndpoint) -> Self {
        Self(endpoint)
    }
}

/// Accepts streams, whatever they go over. Handshakes go on beside each other, as in a
/// [`Listener`](crate::Listener).
#[derive(Debug)]
pub struct EndpointListener {
    inner: pump::Listener<Port>,
}

impl EndpointListener {
    /// Waits for the next stream, on which all handshakes are done. Those that fail are passed over. Can be
    /// dropped without loss.
    ///
    /// Connections are taken while this is waited for: a client that has to do handshakes, and connects in the
    /// same task, does not return unless both are polled together, with `join`.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn accept(&mut self) -> io::Result<EndpointStream> {
        Ok(poll_fn(|cx| self.inner.poll_accept(cx)).await)
    }

    /// The address it listens on.
    pub fn local_addr(&self) -> &EndpointAddress {
        &self.inner.port().local
    }

    /// As [`Listener::max_connections`](crate::Listener::max_connections).
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.inner = self.inner.max_connections(connections);
        self
    }

    /// As [`Listener::connections`](crate::Listener::connections).
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.connections()
    }

    /// As [`Listener::shutdown`](crate::Listener::shutdown). A WebSocket that is open and was not accepted
    /// here yet is ended with Close 1001 at once. Streams without WebSocket cannot be told: they have as
    /// long as that takes.
    pub fn shutdown(self, grace: Duration) -> impl Future<Output = usize> {
        let closing = self.inner.port().server.closing();
        self.inner.shut_down(grace, closing)
    }
}

/// What the listener's policy is for.
#[derive(Debug)]
struct Port {
    local: EndpointAddress,
    /// Gone once it has stopped.
    socket: Option<Socket>,
    server: Arc<EndpointServer<Layers>>,
    handshakes: JoinSet<io::Result<EndpointStream>>,
    timer: Timer,
}

impl pump::Timer for Port {
    fn now(&self) -> Timestamp {
        self.timer.now()
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        self.timer.poll_sleep(cx, deadline)
    }
}

impl pump::Port for Port {
    type Connection = EndpointStream;
    type Incoming = EndpointStream;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<EndpointStream>> {
        match &self.socket {
            None => Poll::Pending,
            Some(Socket::Tcp(tcp)) => tcp.poll_accept(cx).map_ok(|(tcp, _)| tcp.into()),
            #[cfg(unix)]
            Some(Socket::Unix(unix, _)) => unix.poll_accept(cx).map_ok(|(unix, _)| unix.into()),
        }
    }

    fn begin(&mut self, stream: EndpointStream, permit: Permit) {
        let server = Arc::clone(&self.server);
        self.handshakes.spawn(async move {
            stream.set_up(server.is_nodelay())?;
            let accepting = server.accept(Transport::over_socket(stream), permit);
            let (Transport { mut io, .. }, permit) = accepting.await?;
            io.permit = permit;
            Ok(io)
        });
    }

    fn refuse(&mut self, stream: EndpointStream) {
        self.handshakes.spawn(async move {
            stream.turn_away().await;
            Err(io::ErrorKind::NotConnected.into())
        });
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<EndpointStream>> {
        match ready!(self.handshakes.poll_join_next(cx)) {
            Some(ended) => Poll::Ready(ended?),
            None => Poll::Pending,
        }
    }

    fn stop(&mut self) {
        self.socket = None;
    }
}

/// tokio's TLS, for the one who decides what goes over what.
#[derive(Debug)]
struct Layers;

impl EndpointLayers for Layers {
    type Io = Transport<EndpointStream>;
    type Timer = Timer;
    #[cfg(feature = "rustls")]
    type Tls = wsstream_core::tls::ServerTls;
    #[cfg(not(feature = "rustls"))]
    type Tls = std::convert::Infallible;

    fn timer(&self) -> Timer {
        Timer::new()
    }

    #[cfg(feature = "rustls")]
    async fn read_tls(&self, tls: &TlsServer, websocket: bool) -> io::Result<Self::Tls> {
        let tls = tls.clone();
        let reading = move || Self::Tls::of_endpoint(&tls, websocket);
        tokio::task::spawn_blocking(reading).await?
    }

    #[cfg(not(feature = "rustls"))]
    async fn read_tls(&self, _: &TlsServer, _: bool) -> io::Result<Self::Tls> {
        Err(super::UnsupportedEndpoint::Tls.into())
    }

    #[cfg(feature = "rustls")]
    async fn secure(
        &self,
        Transport { io, .. }: Self::Io,
        tls: &Self::Tls,
        limit: Duration,
    ) -> io::Result<Self::Io> {
        let (secured, _) = crate::tls::accept(tls, io, limit).await?;
        Ok(Transport::over_socket(TlsLayer::new(secured).into()))
    }

    #[cfg(not(feature = "rustls"))]
    async fn secure(&self, _: Self::Io, tls: &Self::Tls, _: Duration) -> io::Result<Self::Io> {
        match *tls {}
    }

    fn websocket(&self, stream: pump::Stream<Self::Io>, request: Option<Request>) -> Self::Io {
        Transport::over_socket(EndpointStream::websocket_over(stream, request))
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(
        tokio::net::UnixListener,
        #[expect(dead_code, reason = "its drop removes the file")] endpoint::UnixFile,
    ),
}

impl Socket {
    fn local_addr(&self) -> io::Result<EndpointAddress> {
        match self {
            Self::Tcp(tcp) => tcp.local_addr().map(EndpointAddress::Tcp),
            #[cfg(unix)]
            Self::Unix(unix, _) => Ok(super::stream::unix_address(&unix.local_addr()?)),
        }
    }
}

async fn bind(socket: &ServerSocket) -> io::Result<Socket> {
    match socket {
        ServerSocket::Tcp(tcp) => {
            let addresses = lookup_host((&*tcp.interface, tcp.port)).await?.collect();
            listen_on_first(addresses, |address| listen(address, tcp.backlog)).map(Socket::Tcp)
        }
        #[cfg(unix)]
        ServerSocket::Unix(unix) => {
            let probed = tokio::net::UnixStream::connect(&unix.path).await;
            let probed = probed.map(drop).map_err(|error| error.kind());
            let socket = tokio::net::UnixSocket::new_stream()?;
            let ((), file) = endpoint::UnixFile::bind(unix, probed, || socket.bind(&unix.path))?;
            Ok(Socket::Unix(socket.listen(unix.backlog)?, file))
        }
        #[cfg(not(unix))]
        ServerSocket::Unix(_) => Err(super::UnsupportedEndpoint::Unix.into()),
    }
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // On other systems it would let others take the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)
}
