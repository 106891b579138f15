//! Carries out a client's plan: the socket, then each layer over it.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket as SystemSocket, Type};
use wsstream_core::handshake::ClientConfig;
use wsstream_core::pump::{Clock as _, Connect, within};

use super::through::{self, Way};
use crate::descriptor::with_context;
use crate::dial::{dial, timed_out};
use crate::layers::Outermost;
use crate::net_socket::NetSocket;
use crate::plan::{
    BindAddress, ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient,
    UnixClient, WebSocketClient,
};
use crate::proxy::Proxy;
use crate::runtime::Runtime;
use crate::seed::seed;
use crate::tls::{ClientTls, late_tls_error, tls_error};
use crate::upgraded::Upgraded;

/// Follows a plan.
pub(super) async fn follow<R: Runtime>(plan: &ClientPlan) -> io::Result<Outermost<R>> {
    R::check()?;
    // A time of one clock means nothing to another: what is left is handed on, not when it ends.
    let clock = R::clock();
    let ends = clock.now() + plan.timeout;
    // Certificates first: if they are wrong, no server sees a connection come and go.
    let mut tls = Vec::new();
    for layer in &plan.layers {
        if let ClientLayer::Tls(layer) = layer {
            let reading = read::<R>(layer);
            let left = ends - clock.now();
            tls.push(
                limited::<R, _>(
                    left,
                    "loading certificates for",
                    &layer.server_name,
                    reading,
                )
                .await?,
            );
        }
    }
    let proxy_tls = match through::secure_proxy(plan) {
        Some(proxy) => {
            let (reading, left) = (through::read_tls::<R>(proxy), ends - clock.now());
            let step = "loading certificates for the proxy";
            Some(limited::<R, _>(left, step, proxy.host(), reading).await?)
        }
        None => None,
    };
    let mut tls = tls.into_iter();
    let connecting = connect_socket(plan, proxy_tls.as_ref(), ends - clock.now());
    let mut outermost = Outermost::Socket(connecting.await?);
    let mut is_tls = false;
    for layer in &plan.layers {
        let socket = outermost.into_socket();
        let left = ends - clock.now();
        outermost = match layer {
            ClientLayer::Tls(layer) => match tls.next() {
                Some(tls) => secure(socket, layer, &tls, left).await?,
                None => return Err(crate::tls::not_supported()),
            },
            ClientLayer::WebSocket(layer) => open(socket, is_tls, layer, left).await?,
        };
        is_tls = matches!(layer, ClientLayer::Tls(_));
    }
    Ok(outermost)
}

/// Loads the TLS settings of a layer.
async fn read<R: Runtime>(layer: &ClientTlsLayer) -> io::Result<ClientTls> {
    if let ClientTlsSource::Given(_) = &layer.source {
        // No files to read, so no thread is needed.
        return layer.load();
    }
    let layer = layer.clone();
    R::blocking(move || layer.load()).await?
}

async fn secure<R: Runtime>(
    socket: NetSocket<R>,
    layer: &ClientTlsLayer,
    tls: &ClientTls,
    limit: Duration,
) -> io::Result<Outermost<R>> {
    let (socket, name) = (socket.delivered_from_above(), &layer.server_name);
    let securing = async {
        let secured = R::tls_connect(socket, tls, name).await;
        secured.map_err(|error| tls_error(name, error))
    };
    let secured = limited::<R, _>(limit, "in the TLS handshake with", name, securing).await?;
    Ok(Outermost::Socket(NetSocket::from_tls(secured)))
}

async fn open<R: Runtime>(
    socket: NetSocket<R>,
    is_tls: bool,
    layer: &WebSocketClient,
    limit: Duration,
) -> io::Result<Outermost<R>> {
    let limit = layer.config.handshake_timeout.min(limit);
    let mut config = ClientConfig::clone(&layer.config).handshake_timeout(limit);
    if is_tls {
        config = config.assume_secure(true);
    }
    let socket = socket.delivered_from_above();
    let upgraded = Connect::new(socket, R::clock(), &layer.url, &config, seed()?).await;
    let upgraded = upgraded.map_err(|error| late_tls_error(layer.url.authority(), error))?;
    Ok(Outermost::WebSocket(Upgraded::new(
        upgraded.ping_by_default(),
    )))
}

async fn connect_socket<R: Runtime>(
    plan: &ClientPlan,
    proxy_tls: Option<&ClientTls>,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    match &plan.socket {
        ClientSocket::Tcp(tcp) => {
            let limit = limit.min(tcp.timeout);
            let proxy = plan.proxy.as_ref();
            let connecting = connect_tcp(tcp, proxy, proxy_tls, limit);
            limited::<R, _>(limit, "connecting to", Way(tcp, proxy), connecting).await
        }
        ClientSocket::Unix(unix) => {
            let limit = limit.min(unix.timeout);
            let path = unix.path.display();
            limited::<R, _>(limit, "connecting to", path, connect_unix(unix)).await
        }
    }
}

#[cfg(unix)]
async fn connect_unix<R: Runtime>(unix: &UnixClient) -> io::Result<NetSocket<R>> {
    unix.check_lock()?;
    let connected = R::connect_unix(&unix.path).await;
    let connected = connected.map_err(|error| with_context(unix.path.display(), error))?;
    Ok(NetSocket::from_unix(connected))
}

#[cfg(not(unix))]
async fn connect_unix<R: Runtime>(_: &UnixClient) -> io::Result<NetSocket<R>> {
    Err(crate::descriptor::UnsupportedEndpoint::Unix.into())
}

/// Connects by TCP, through the proxy if there is one.
async fn connect_tcp<R: Runtime>(
    tcp: &TcpClient,
    proxy: Option<&Proxy>,
    proxy_tls: Option<&ClientTls>,
    limit: Duration,
) -> io::Result<NetSocket<R>> {
    let Some(proxy) = proxy else {
        return dial_tcp(tcp, &tcp.host, tcp.port, limit).await;
    };
    let dialling = dial_tcp(tcp, proxy.host(), proxy.port(), limit);
    through::connect(proxy, proxy_tls, tcp, dialling).await
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
            let socket = NetSocket::from_tcp(connected.map_err(|error| with_context(to, error))?);
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

/// Looks up the addresses of a host. The system puts the best one first.
async fn look_up<R: Runtime>(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let name = host.to_owned();
    let asking = R::blocking(move || (&*name, port).to_socket_addrs()).await;
    match asking.and_then(|addresses| addresses) {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(with_context(host, error)),
    }
}

/// The first local address of the same family as the remote one.
fn source(bound: &[SocketAddr], to: SocketAddr) -> io::Result<SocketAddr> {
    let mut same = bound.iter().filter(|from| from.is_ipv4() == to.is_ipv4());
    same.next().copied().ok_or_else(|| {
        let reason = format!("no source address to reach {} from", to.ip());
        io::Error::new(io::ErrorKind::AddrNotAvailable, reason)
    })
}

/// Runs a step for `limit` at most; then fails with [`timed_out`].
async fn limited<R: Runtime, T>(
    limit: Duration,
    step: &str,
    with: impl fmt::Display,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let mut clock = R::clock();
    let ends = clock.now() + limit;
    let done = within(&mut clock, ends, work).await;
    done.unwrap_or_else(|| Err(timed_out(step, with)))
}
