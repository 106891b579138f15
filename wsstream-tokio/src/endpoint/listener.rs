//! Listening where a descriptor says.

use std::future::poll_fn;
use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::task::JoinSet;
use tokio::time::Instant;
use wsstream_core::Timestamp;
use wsstream_core::endpoint::{
    self, EndpointAddress, EndpointError, ServerLayer, ServerPlan, ServerSocket, TcpServer,
};
use wsstream_core::handshake::Server;
use wsstream_core::pump::{self, Permit};

use super::EndpointStream;
use super::client::invalid;
use crate::timer::Timer;
use crate::transport::Transport;
use crate::{Incoming, WsStream};

/// Where to listen, as a descriptor says.
#[derive(Clone, Debug)]
pub struct ServerEndpoint(endpoint::ServerEndpoint);

impl ServerEndpoint {
    /// Listens.
    ///
    /// # Errors
    ///
    /// `Unsupported` with an [`UnsupportedEndpoint`](super::UnsupportedEndpoint) inside; those of the socket and of the files of TLS.
    pub async fn listen(&self) -> io::Result<EndpointListener> {
        let plan = self.0.plan()?;
        // First what can be wrong without anybody seeing it.
        let layers = layers(&plan).await?;
        let socket = bind(&plan.socket).await?;
        let port = Port {
            local: socket.local_addr()?,
            socket: Some(socket),
            over: Arc::new(Over {
                layers,
                limit: plan.limit,
                nodelay: plan.nodelay,
            }),
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

    /// As [`Listener::shutdown`](crate::Listener::shutdown). Streams without WebSocket cannot be told: they
    /// have as long as that takes.
    pub async fn shutdown(self, grace: Duration) -> usize {
        let closing = self.inner.port().over.closing();
        self.inner.shut_down(grace, closing).await
    }
}

/// What the listener's policy is for.
#[derive(Debug)]
struct Port {
    local: EndpointAddress,
    /// Gone once it has stopped.
    socket: Option<Socket>,
    over: Arc<Over>,
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
            Some(Socket::Tcp(tcp)) => {
                let (tcp, _) = ready!(tcp.poll_accept(cx))?;
                tcp.set_nodelay(self.over.nodelay)?;
                Poll::Ready(Ok(tcp.into()))
            }
            #[cfg(unix)]
            Some(Socket::Unix(unix, _)) => unix.poll_accept(cx).map_ok(|(unix, _)| unix.into()),
        }
    }

    fn begin(&mut self, stream: EndpointStream, permit: Permit) {
        let over = Arc::clone(&self.over);
        self.handshakes
            .spawn(async move { over.accept(stream, permit).await });
    }

    fn refuse(&mut self, stream: EndpointStream) {
        // It is open already: what its drop says has to do.
        self.handshakes.spawn(async move {
            drop(stream);
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

/// What is done over each connection.
#[derive(Debug)]
struct Over {
    layers: Vec<Layer>,
    limit: Duration,
    nodelay: bool,
}

#[derive(Debug)]
enum Layer {
    #[cfg(feature = "rustls")]
    Tls(wsstream_core::tls::ServerTls),
    WebSocket(Arc<Server>),
}

impl Over {
    async fn accept(
        &self,
        mut stream: EndpointStream,
        permit: Permit,
    ) -> io::Result<EndpointStream> {
        let ends = Instant::now() + self.limit;
        // The limit is a total for TLS and the first WebSocket.
        let mut first = true;
        let mut permit = Some(permit);
        for (index, layer) in self.layers.iter().enumerate() {
            stream = match layer {
                #[cfg(feature = "rustls")]
                Layer::Tls(tls) => crate::tls::accept(tls, stream, self.limit).await?.0.into(),
                Layer::WebSocket(server) => {
                    let (transport, server) = (Transport::new(stream), Arc::clone(server));
                    // The outermost one is told when the listener shuts down.
                    let outermost = index + 1 == self.layers.len();
                    let mut accept = match permit.take_if(|_| outermost) {
                        Some(permit) => pump::Accept::with_permit(transport, server, permit),
                        None => pump::Accept::new(transport, server),
                    };
                    if first {
                        accept = accept.within(ends.saturating_duration_since(Instant::now()));
                        first = false;
                    }
                    open(accept).await?
                }
            };
        }
        stream.permit = permit;
        Ok(stream)
    }

    /// How long a closing handshake may take.
    fn closing(&self) -> Duration {
        match self.layers.last() {
            Some(Layer::WebSocket(server)) => server.connection_config().timeout(),
            _ => Server::stream().connection_config().timeout(),
        }
    }
}

async fn open(accept: pump::Accept<Transport<EndpointStream>>) -> io::Result<EndpointStream> {
    let incoming = Incoming::wait(accept).await?;
    let request = Box::new(incoming.request().clone());
    let stream: WsStream<_> = incoming.accept().await?.into_stream();
    Ok(EndpointStream::websocket_over(stream, Some(request)))
}

async fn layers(plan: &ServerPlan) -> io::Result<Vec<Layer>> {
    let mut layers = Vec::new();
    for (index, layer) in plan.layers.iter().enumerate() {
        #[cfg(not(feature = "rustls"))]
        let _ = index;
        layers.push(match layer {
            ServerLayer::WebSocket(autobahn) => {
                Layer::WebSocket(Arc::new(autobahn.server().map_err(invalid)?))
            }
            #[cfg(feature = "rustls")]
            ServerLayer::Tls(tls) => {
                let (tls, websocket) = (tls.clone(), plan.is_below_websocket(index));
                let reading = move || wsstream_core::tls::ServerTls::of_endpoint(&tls, websocket);
                Layer::Tls(tokio::task::spawn_blocking(reading).await??)
            }
            #[cfg(not(feature = "rustls"))]
            ServerLayer::Tls(_) => return Err(super::UnsupportedEndpoint::Tls.into()),
        });
    }
    Ok(layers)
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
        ServerSocket::Tcp(tcp) => bind_tcp(tcp).await.map(Socket::Tcp),
        #[cfg(unix)]
        ServerSocket::Unix(unix) => {
            let probed = tokio::net::UnixStream::connect(&unix.path).await;
            let probed = probed.map(drop).map_err(|error| error.kind());
            let mut file = endpoint::UnixFile::prepare(unix, probed)?;
            let socket = tokio::net::UnixSocket::new_stream()?;
            socket.bind(&unix.path)?;
            // Before anybody can connect.
            file.bound(unix)?;
            Ok(Socket::Unix(socket.listen(unix.backlog)?, file))
        }
        #[cfg(not(unix))]
        ServerSocket::Unix(_) => Err(super::UnsupportedEndpoint::Unix.into()),
    }
}

/// Listens on the first address of the interface that can be had.
async fn bind_tcp(tcp: &TcpServer) -> io::Result<TcpListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in lookup_host((&*tcp.interface, tcp.port)).await? {
        let listen = || {
            let socket = if address.is_ipv4() {
                TcpSocket::new_v4()?
            } else {
                TcpSocket::new_v6()?
            };
            // On other systems it would let others take the port.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            socket.listen(tcp.backlog)
        };
        match listen() {
            Ok(listener) => return Ok(listener),
            Err(error) => last = error,
        }
    }
    Err(last)
}
