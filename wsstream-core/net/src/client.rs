//! Connecting.

use std::fmt;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket as SystemSocket, Type};
use wsstream_core::handshake::ClientConfig;
use wsstream_core::pump::{Clock as _, Connect, Socket, Stream, within};
use wsstream_core::{InvalidUrl, Url};

use crate::descriptor::{EndpointError, about};
use crate::dial::{dial, too_late};
use crate::layers::Outermost;
use crate::net_socket::NetSocket;
use crate::plan::{
    BindAddress, ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient,
    UnixClient, WebSocketClient,
};
use crate::proxy::{InvalidProxy, Proxy};
use crate::runtime::Runtime;
use crate::seed::seed;
use crate::tls::{ClientTls, explain, explain_late};
use crate::upgraded::Upgraded;

/// Opens a byte stream to a `ws://` or `wss://` URL, as [`ClientConfig::stream`] says.
///
/// # Errors
///
/// `InvalidInput` for what is no such URL; those of [`ClientEndpoint::open`].
pub async fn connect<R: Runtime>(
    url: &str,
) -> io::Result<R::Stream<Stream<NetSocket<R>, R::Clock>>> {
    // In a box: else the task that uses the stream keeps the room all its life.
    let endpoint = Box::new(ClientEndpoint::<R>::url(url, ClientConfig::stream())?);
    Ok(endpoint.open().await?.into_stream())
}

/// Asks for a WebSocket over a socket that is connected already: over TLS of your own for `wss`, over a proxy of
/// another kind, in memory. The host and the port of `url` are not dialled.
///
/// # Errors
///
/// `InvalidInput` for what is no URL; the socket's; one with a
/// [`HandshakeError`](wsstream_core::handshake::HandshakeError) inside; `Unsupported`, if [`Runtime::check`] says so.
pub async fn connect_over<S: Socket, R: Runtime>(
    socket: S,
    url: &str,
    config: &ClientConfig,
) -> io::Result<Upgraded<S, R>> {
    R::check()?;
    let connecting = Connect::new(socket, R::clock(), &Url::parse(url)?, config, seed()?);
    // In a box: else the task that uses the stream keeps the room all its life.
    let upgraded = Box::pin(connecting).await;
    Ok(Upgraded::new(
        upgraded.map_err(|error| explain_late("", error))?,
    ))
}

/// Where to connect, and how. It is made of a URL, of an endpoint descriptor, or of a [`ClientPlan`].
pub struct ClientEndpoint<R> {
    plan: ClientPlan,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> ClientEndpoint<R> {
    /// Connects to the host and the port of a `ws` or `wss` URL, and asks for a WebSocket as `config` says.
    ///
    /// The handshake timeout of `config` is for all of it: names, proxy, TLS and the opening handshake. See
    /// [`connect_timeout`](Self::connect_timeout).
    ///
    /// # Errors
    ///
    /// If that is no such URL.
    pub fn url(url: &str, config: ClientConfig) -> Result<Self, InvalidUrl> {
        Ok(ClientPlan::url(Url::parse(url)?, config).into())
    }

    /// Connects by TCP through this proxy, which looks up the host's name too. Unix sockets go through none.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.plan.proxy = Some(proxy);
        self
    }

    /// Connects by TCP through the proxy that the environment names for the host, if it does: see
    /// [`Proxy::from_env`].
    ///
    /// # Errors
    ///
    /// If what the environment names is no proxy.
    pub fn proxy_from_env(mut self) -> Result<Self, InvalidProxy> {
        if let ClientSocket::Tcp(tcp) = &self.plan.socket {
            let tls = self.plan.has_tls();
            self.plan.proxy = Proxy::from_env(tls, &tcp.host, tcp.port)?;
        }
        Ok(self)
    }

    /// Does TLS so, in every layer that is TLS. The server's certificate has to be for the same name as before.
    /// A `ws` URL has no such layer.
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        for layer in &mut self.plan.layers {
            if let ClientLayer::Tls(layer) = layer {
                layer.source = ClientTlsSource::Given(tls.clone());
            }
        }
        self
    }

    /// Connects to a Unix socket, instead of what the URL or the descriptor says. All else stays as it is: TLS, and
    /// what is asked for.
    #[must_use]
    pub fn unix(mut self, path: impl AsRef<Path>) -> Self {
        let timeout = *self.timeout();
        self.plan.socket = ClientSocket::Unix(UnixClient::new(path.as_ref(), timeout));
        self
    }

    /// Connects by TCP from this address, an [`IpAddr`], or a [`SocketAddr`] if the port matters too.
    #[must_use]
    pub fn bind_address(mut self, address: impl Into<BindAddress>) -> Self {
        if let ClientSocket::Tcp(tcp) = &mut self.plan.socket {
            tcp.bind_address = Some(address.into());
        }
        self
    }

    /// Whether to set TCP_NODELAY, so that nothing waits for more; default yes.
    #[must_use]
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        if let ClientSocket::Tcp(tcp) = &mut self.plan.socket {
            tcp.nodelay = nodelay;
        }
        self
    }

    /// How long connecting may take in all: names, proxy, TLS and opening handshakes. Each opening handshake keeps its
    /// own limit within that.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.plan.limit = timeout;
        *self.timeout() = timeout;
        self
    }

    /// What is going to be done, a line for each layer.
    pub const fn plan(&self) -> &ClientPlan {
        &self.plan
    }

    /// Connects, and gives the plan's stream.
    ///
    /// The addresses of a host's name are raced: the next one is tried when one has failed, or after 250 ms.
    ///
    /// # Errors
    ///
    /// `TimedOut`; those of the socket, the proxy, and the files of TLS; those of TLS, which is `InvalidData` with what
    /// rustls says as its source for a certificate that is refused; `ConnectionRefused`, `InvalidData`, `TimedOut` or
    /// `UnexpectedEof` with a [`HandshakeError`](wsstream_core::handshake::HandshakeError) inside; `Unsupported` with
    /// an [`UnsupportedEndpoint`](crate::descriptor::UnsupportedEndpoint) inside, or if [`Runtime::check`] says so.
    pub async fn connect(&self) -> io::Result<R::Stream<NetSocket<R>>> {
        // In a box: else the task that uses the stream keeps the room all its life.
        let outermost = Box::pin(follow::<R>(&self.plan)).await?;
        Ok(outermost.into_socket().into())
    }

    /// Connects, and gives the outermost WebSocket: for whole messages, or for a byte stream with everything that only
    /// a WebSocket has.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); `Unsupported` where the outermost layer of the plan is no WebSocket.
    pub async fn open(&self) -> io::Result<Upgraded<NetSocket<R>, R>> {
        let no_websocket = || {
            let reason = "the plan of the client has no WebSocket on top";
            io::Error::new(io::ErrorKind::Unsupported, reason)
        };
        if !self.plan.has_websocket_on_top() {
            return Err(no_websocket());
        }
        match Box::pin(follow::<R>(&self.plan)).await? {
            Outermost::WebSocket(upgraded) => Ok(upgraded),
            Outermost::Socket(_) => Err(no_websocket()),
        }
    }

    const fn timeout(&mut self) -> &mut Duration {
        match &mut self.plan.socket {
            ClientSocket::Tcp(tcp) => &mut tcp.timeout,
            ClientSocket::Unix(unix) => &mut unix.timeout,
        }
    }
}

impl<R> Clone for ClientEndpoint<R> {
    fn clone(&self) -> Self {
        let (plan, runtime) = (self.plan.clone(), PhantomData);
        Self { plan, runtime }
    }
}

impl<R> fmt::Debug for ClientEndpoint<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientEndpoint").field(&self.plan).finish()
    }
}

impl<R> From<ClientPlan> for ClientEndpoint<R> {
    fn from(plan: ClientPlan) -> Self {
        let runtime = PhantomData;
        Self { plan, runtime }
    }
}

impl<R: Runtime> FromStr for ClientEndpoint<R> {
    type Err = EndpointError;

    /// Reads an endpoint descriptor, or a `ws` or `wss` URL with the defaults of a descriptor.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Ok(ClientPlan::parse(text)?.into())
    }
}

/// Does what a plan says.
async fn follow<R: Runtime>(plan: &ClientPlan) -> io::Result<Outermost<R>> {
    R::check()?;
    // A time of one clock means nothing to another: what is left is handed on, not when it ends.
    let clock = R::clock();
    let ends = clock.now() + plan.limit;
    // First what can be wrong without anybody seeing it.
    let mut tls = Vec::new();
    for layer in &plan.layers {
        if let ClientLayer::Tls(layer) = layer {
            let reading = read::<R>(layer);
            let left = ends - clock.now();
            tls.push(
                limited::<R, _>(left, "no TLS connection", &layer.server_name, reading).await?,
            );
        }
    }
    let mut tls = tls.into_iter();
    let mut outermost = Outermost::Socket(connect_socket(plan, ends - clock.now()).await?);
    for layer in &plan.layers {
        let socket = outermost.into_socket();
        let left = ends - clock.now();
        outermost = match layer {
            ClientLayer::Tls(layer) => match tls.next() {
                Some(tls) => secure(socket, layer, &tls, left).await?,
                None => return Err(crate::tls::not_supported()),
            },
            ClientLayer::WebSocket(layer) => open(socket, layer, left).await?,
        };
    }
    Ok(outermost)
}

/// What TLS is told.
async fn read<R: Runtime>(layer: &ClientTlsLayer) -> io::Result<ClientTls> {
    if let ClientTlsSource::Given(_) = &layer.source {
        // There are no files to be read.
        return layer.read();
    }
    let layer = layer.clone();
    R::blocking(move || layer.read()).await?
}

async fn secure<R: Runtime>(
    socket: NetSocket<R>,
    layer: &ClientTlsLayer,
    tls: &ClientTls,
    limit: Duration,
) -> io::Result<Outermost<R>> {
    let name = &layer.server_name;
    let securing = async {
        let secured = R::tls_connect(socket, tls, name).await;
        secured.map_err(|error| explain(name, error))
    };
    let secured = limited::<R, _>(limit, "no TLS connection", name, securing).await?;
    Ok(Outermost::Socket(NetSocket::from_tls(secured)))
}

async fn open<R: Runtime>(
    socket: NetSocket<R>,
    layer: &WebSocketClient,
    limit: Duration,
) -> io::Result<Outermost<R>> {
    let limit = layer.config.handshake_timeout.min(limit);
    let config = ClientConfig::clone(&layer.config).handshake_timeout(limit);
    let upgraded = Connect::new(socket, R::clock(), &layer.url, &config, seed()?).await;
    let upgraded = upgraded.map_err(|error| explain_late(layer.url.authority(), error))?;
    Ok(Outermost::WebSocket(Upgraded::new(
        upgraded.ping_by_default(),
    )))
}

async fn connect_socket<R: Runtime>(
    plan: &ClientPlan,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    match &plan.socket {
        ClientSocket::Tcp(tcp) => {
            let limit = limit.min(tcp.timeout);
            let connecting = connect_tcp(tcp, plan.proxy.as_ref(), limit);
            limited::<R, _>(limit, "no connection", &tcp.host, connecting).await
        }
        ClientSocket::Unix(unix) => {
            let limit = limit.min(unix.timeout);
            let path = unix.path.display();
            limited::<R, _>(limit, "no connection", path, connect_unix(unix)).await
        }
    }
}

#[cfg(unix)]
async fn connect_unix<R: Runtime>(unix: &UnixClient) -> io::Result<NetSocket<R>> {
    unix.check_lock()?;
    let connected = R::connect_unix(&unix.path).await;
    let connected = connected.map_err(|error| about(unix.path.display(), error))?;
    Ok(NetSocket::from_unix(connected))
}

#[cfg(not(unix))]
async fn connect_unix<R: Runtime>(_: &UnixClient) -> io::Result<NetSocket<R>> {
    Err(crate::descriptor::UnsupportedEndpoint::Unix.into())
}

/// Connects by TCP, or has a proxy do so.
async fn connect_tcp<R: Runtime>(
    tcp: &TcpClient,
    proxy: Option<&Proxy>,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    let Some(proxy) = proxy else {
        return dial_tcp(tcp, &tcp.host, tcp.port, limit).await;
    };
    let of_proxy = |error: io::Error| io::Error::new(error.kind(), format!("proxy: {error}"));
    let mut socket = dial_tcp(tcp, proxy.host(), proxy.port(), limit)
        .await
        .map_err(of_proxy)?;
    proxy.tunnel(&mut socket, &tcp.host, tcp.port).await?;
    Ok(socket)
}

async fn dial_tcp<R: Runtime>(
    tcp: &TcpClient,
    host: &str,
    port: u16,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    let bound = match &tcp.bind_address {
        None => None,
        Some(BindAddress::Address(address)) => Some(vec![*address]),
        Some(BindAddress::Name(name)) => Some(look_up::<R>(name, 0).await?),
    };
    let connect = |to| {
        let bound = bound.as_deref();
        async move {
            let from = bound.map(|bound| source(bound, to)).transpose()?;
            let connected = connect_to::<R>(to, from).await;
            let socket = NetSocket::from_tcp(connected.map_err(|error| about(to, error))?);
            socket.set_up(tcp.nodelay)?;
            Ok(socket)
        }
    };
    dial(host, limit, R::clock, look_up::<R>(host, port), connect).await
}

async fn connect_to<R: Runtime>(to: SocketAddr, from: Option<SocketAddr>) -> io::Result<R::Tcp> {
    let domain = Domain::for_address(to);
    let socket = SystemSocket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    if let Some(from) = from {
        socket.bind(&from.into())?;
    }
    R::connect_tcp(socket, to).await
}

/// The addresses of a host, the best one first.
async fn look_up<R: Runtime>(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name = host.to_owned();
    let asking = R::blocking(move || (&*name, port).to_socket_addrs()).await;
    match asking.and_then(|addresses| addresses) {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(about(host, error)),
    }
}

/// The address to connect from: one of the other one's family.
fn source(bound: &[SocketAddr], to: SocketAddr) -> io::Result<SocketAddr> {
    let mut same = bound.iter().filter(|from| from.is_ipv4() == to.is_ipv4());
    same.next().copied().ok_or_else(|| {
        let reason = format!("no source address to reach {} from", to.ip());
        io::Error::new(io::ErrorKind::AddrNotAvailable, reason)
    })
}

/// Waits for `limit` at most.
async fn limited<R: Runtime, T>(
    limit: Duration,
    what: &str,
    whom: impl fmt::Display,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut clock = R::clock();
    let ends = clock.now() + limit;
    let done = within(&mut clock, ends, work).await;
    done.unwrap_or_else(|| Err(too_late(what, whom)))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
