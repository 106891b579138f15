//! Carries out a client's plan: the socket, then each layer over it.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

use wsstream_core::handshake::ClientConfig;
use wsstream_core::pump::{Clock as _, Connect, within};

use super::opening_failed;
use super::redirects::{Failed, Redirects};
use super::tcp::dial_tcp;
use super::through;
use crate::context::timed_out;
#[cfg(unix)]
use crate::context::with_context;
use crate::dial::Target;
use crate::error::Error;
use crate::host_port::HostPort;
use crate::layers::Outermost;
use crate::log;
use crate::net_socket::NetSocket;
use crate::plan::{
    ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient, UnixClient,
    WebSocketClient,
};
use crate::proxy::Proxy;
use crate::runtime::Runtime;
use crate::seed::seed;
use crate::tls::{ClientTls, tls_error};
use crate::upgraded::Upgraded;

/// Follows a plan, and the redirects that it wants to follow, all within its limit.
pub(super) async fn follow<R: Runtime>(plan: &ClientPlan) -> Result<Outermost<R>, Error> {
    R::check()?;
    // A time of one clock means nothing to another: what is left is handed on, not when it ends.
    let clock = R::clock();
    let ends = clock.now() + plan.timeout;
    let mut plan = Cow::Borrowed(plan);
    let mut redirects = Redirects::default();
    loop {
        match attempt(&plan, ends - clock.now()).await {
            Ok(Outermost::WebSocket(upgraded)) => {
                let upgraded = match redirects.led_to(&plan) {
                    Some(url) => upgraded.with_redirected_to(url),
                    None => upgraded,
                };
                return Ok(Outermost::WebSocket(upgraded));
            }
            Ok(socket) => return Ok(socket),
            Err(failed) => {
                let layer = failed.layer;
                let next = redirects.next_plan(&plan, failed);
                plan = Cow::Owned(
                    next.map_err(|error| Error::at(redirects.place(&plan, layer), error))?,
                );
            }
        }
    }
}

/// Follows a plan once. When this fails, all that was connected is closed.
async fn attempt<R: Runtime>(plan: &ClientPlan, limit: Duration) -> Result<Outermost<R>, Failed> {
    let clock = R::clock();
    let ends = clock.now() + limit;
    // Certificates first: if they are wrong, no server sees a connection come and go.
    let mut tls = Vec::new();
    for (index, layer) in plan.layers.iter().enumerate() {
        if let ClientLayer::Tls(layer) = layer {
            let (step, left) = ("loading certificates for", ends - clock.now());
            let loaded = limited::<R, _>(left, step, &layer.server_name, read::<R>(layer)).await;
            tls.push(loaded.map_err(|error| Failed::at(index, error))?);
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
    for (index, layer) in plan.layers.iter().enumerate() {
        let socket = outermost.into_socket();
        let left = ends - clock.now();
        let reached = match layer {
            ClientLayer::Tls(layer) => match tls.next() {
                Some(tls) => {
                    let peer = peer(plan, index, layer);
                    secure(socket, &peer, layer, &tls, left).await
                }
                None => Err(crate::tls::not_supported()),
            },
            ClientLayer::WebSocket(layer) => open(socket, is_tls, layer, left).await,
        };
        outermost = reached.map_err(|error| Failed::at(index, error))?;
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

/// Who is at the other end of TLS, for errors: with the port, where TLS is right above TCP to that name.
fn peer(plan: &ClientPlan, index: usize, layer: &ClientTlsLayer) -> String {
    match &plan.socket {
        ClientSocket::Tcp(tcp) if index == 0 && tcp.host == layer.server_name => {
            HostPort(&tcp.host, tcp.port).to_string()
        }
        _ => layer.server_name.clone(),
    }
}

async fn secure<R: Runtime>(
    socket: NetSocket<R>,
    peer: &str,
    layer: &ClientTlsLayer,
    tls: &ClientTls,
    limit: Duration,
) -> io::Result<Outermost<R>> {
    let (socket, name) = (socket.delivered_from_above(), &layer.server_name);
    let securing = async {
        let secured = R::tls_connect(socket, tls, name).await;
        secured.map_err(|error| tls_error(peer, error))
    };
    let secured = limited::<R, _>(limit, "in the TLS handshake with", peer, securing).await?;
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
    let connecting = Connect::new(socket, R::clock(), &layer.url, &config, seed()?);
    let span = log::span(layer.url.authority());
    let upgraded = connecting.in_span(span).await;
    let upgraded = upgraded.map_err(|error| opening_failed(layer.url.authority(), error))?;
    Ok(Outermost::WebSocket(Upgraded::opened(
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
            connect_tcp(tcp, plan.proxy.as_ref(), proxy_tls, limit).await
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
        let to = Target {
            host: &tcp.host,
            port: tcp.port,
            is_proxy: false,
        };
        return dial_tcp(tcp, to, limit).await;
    };
    let clock = R::clock();
    let ends = clock.now() + limit;
    let host = proxy.dialled();
    let to = Target {
        host: &host,
        port: proxy.port(),
        is_proxy: true,
    };
    // It keeps the limit itself, and tells what was tried.
    let socket = dial_tcp(tcp, to, limit).await?;
    let tunnel = through::tunnel(proxy, proxy_tls, tcp, socket);
    let through = format!("{} through {proxy}", HostPort(&tcp.host, tcp.port));
    limited::<R, _>(ends - clock.now(), "connecting to", through, tunnel).await
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
    done.unwrap_or_else(|| Err(timed_out(format_args!("{step} {with}"))))
}
