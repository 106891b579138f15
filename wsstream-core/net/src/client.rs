//! Connecting to what a descriptor says.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::future::{Future, poll_fn, ready};
use core::net::SocketAddr;
use core::task;
use std::env;
use std::io::{self, IoSlice};

use super::invalid;
use crate::endpoint::{
    ClientEndpoint, ClientLayer, ClientPlan, ClientSocket, TcpClient, TlsClient, UnixClient,
    UnsupportedEndpoint, about,
};
use crate::proxy::{ProxyChoice, ProxyConnect};
use crate::pump::dial::{dial_host, too_late};
use crate::pump::timer::{Timer, within};
use crate::pump::{Connect, Stream, Transport};
use crate::seed::Seed;
#[cfg(feature = "rustls")]
use crate::tls::explain_late;

/// Names, sockets and TLS, as a runtime offers them to clients.
pub trait EndpointDialler {
    /// A socket, TLS or WebSocket over another one, and a clock.
    type Io: Transport + Unpin;

    /// A clock alone.
    type Timer: Timer;

    /// A clock.
    fn timer(&self) -> Self::Timer;

    /// What nobody can guess.
    ///
    /// # Errors
    ///
    /// The system's.
    fn seed(&self) -> io::Result<Seed>;

    /// The addresses of a host, the best one first.
    fn look_up(&self, host: &str, port: u16) -> impl Future<Output = io::Result<Vec<SocketAddr>>>;

    /// Connects by TCP, from a certain address if there is one. Dropping the future gives the attempt up.
    fn connect_tcp(
        &self,
        to: SocketAddr,
        from: Option<SocketAddr>,
        nodelay: bool,
    ) -> impl Future<Output = io::Result<Self::Io>>;

    /// Connects to a Unix socket, where there are any.
    fn connect_unix(&self, path: &str) -> impl Future<Output = io::Result<Self::Io>> {
        let _ = path;
        ready(Err(UnsupportedEndpoint::Unix.into()))
    }

    /// Does TLS. `websocket` tells whether that is what goes over it.
    fn secure(
        &self,
        io: Self::Io,
        tls: &TlsClient,
        websocket: bool,
    ) -> impl Future<Output = io::Result<Self::Io>>;

    /// Takes a WebSocket for one more layer.
    fn websocket(&self, stream: Stream<Self::Io>) -> Self::Io;
}

/// Connects to an endpoint: dials, the addresses of a host in turn, gets through the proxy if there is
/// one, and does TLS and WebSocket in their order.
///
/// # Errors
///
/// `Unsupported` with an [`UnsupportedEndpoint`] inside; `TimedOut`, for the socket after its own
/// `timeout`, and for all of it after the plan's limit; the dialler's, the proxy's and those of the
/// opening handshake.
pub async fn connect_endpoint<D: EndpointDialler>(
    dialler: &D,
    endpoint: &ClientEndpoint,
    proxy: &ProxyChoice,
) -> io::Result<D::Io> {
    let plan = endpoint.plan()?;
    let mut timer = dialler.timer();
    let ends = timer.now() + plan.limit;
    // In a box: else the task that uses the stream keeps the room all its life.
    let following = Box::pin(follow(dialler, &plan, proxy));
    let connected = within(&mut timer, ends, following).await;
    connected.unwrap_or_else(|| {
        let reason = "the endpoint is not connected in time";
        Err(io::Error::new(io::ErrorKind::TimedOut, reason))
    })
}

async fn follow<D: EndpointDialler>(
    dialler: &D,
    plan: &ClientPlan,
    proxy: &ProxyChoice,
) -> io::Result<D::Io> {
    let mut io = match &plan.socket {
        ClientSocket::Tcp(tcp) => {
            let mut timer = dialler.timer();
            let ends = timer.now() + tcp.timeout;
            let dialling = dial(dialler, tcp, plan, proxy);
            let Some(io) = within(&mut timer, ends, dialling).await else {
                return Err(too_late("no connection", &tcp.host));
            };
            io?
        }
        ClientSocket::Unix(unix) => connect_unix(dialler, unix).await?,
    };
    for (index, layer) in plan.layers.iter().enumerate() {
        io = match layer {
            ClientLayer::Tls(tls) => {
                let websocket = plan.is_below_websocket(index);
                dialler.secure(io, tls, websocket).await?
            }
            ClientLayer::WebSocket(autobahn) => {
                let client = autobahn.client().map_err(invalid)?;
                let opened = Connect::new(io, &autobahn.url, &client, dialler.seed()?).await;
                #[cfg(feature = "rustls")]
                let opened = opened.map_err(|error| explain_late(autobahn.url.authority(), error));
                dialler.websocket(opened?.made_by_adapter().into_stream())
            }
        };
    }
    Ok(io)
}

async fn connect_unix<D: EndpointDialler>(dialler: &D, unix: &UnixClient) -> io::Result<D::Io> {
    #[cfg(unix)]
    unix.check_lock()?;
    let mut timer = dialler.timer();
    let ends = timer.now() + unix.timeout;
    let connecting = async {
        let connected = dialler.connect_unix(&unix.path).await;
        connected.map_err(|error| match error.get_ref() {
            // There are no Unix sockets here.
            Some(_) => error,
            None => about(&unix.path, error),
        })
    };
    let connected = within(&mut timer, ends, connecting).await;
    connected.unwrap_or_else(|| Err(too_late("no connection", &unix.path)))
}

/// Connects by TCP, or has a proxy do so.
async fn dial<D: EndpointDialler>(
    dialler: &D,
    tcp: &TcpClient,
    plan: &ClientPlan,
    proxy: &ProxyChoice,
) -> io::Result<D::Io> {
    let variable = |name: &str| env::var(name).ok();
    let Some(proxy) = proxy.choose(plan.has_tls(), &tcp.host, tcp.port, variable)? else {
        return dial_tcp(dialler, &tcp.host, tcp.port, tcp, plan.nodelay).await;
    };
    let connect = ProxyConnect::new(&proxy, &tcp.host, tcp.port)?;
    let dialling = dial_tcp(dialler, proxy.host(), proxy.port(), tcp, plan.nodelay);
    let of_proxy = |error: io::Error| io::Error::new(error.kind(), format!("proxy: {error}"));
    let io = dialling.await.map_err(of_proxy)?;
    tunnel(io, connect).await
}

async fn dial_tcp<D: EndpointDialler>(
    dialler: &D,
    host: &str,
    port: u16,
    tcp: &TcpClient,
    nodelay: bool,
) -> io::Result<D::Io> {
    let bound = match &tcp.bind_address {
        None => None,
        Some(address) => Some(look_up(dialler, address, 0).await?),
    };
    let bound = bound.as_deref();
    let connect = |to| async move {
        let from = bound.map(|bound| from(bound, to)).transpose()?;
        let connected = dialler.connect_tcp(to, from, nodelay).await;
        connected.map_err(|error| about(to, error))
    };
    let look_up = look_up(dialler, host, port);
    dial_host(&mut dialler.timer(), host, tcp.timeout, look_up, connect).await
}

async fn look_up<D: EndpointDialler>(
    dialler: &D,
    host: &str,
    port: u16,
) -> io::Result<Vec<SocketAddr>> {
    let addresses = dialler.look_up(host, port).await;
    addresses.map_err(|error| about(host, error))
}

/// The address to connect from: one of the other one's family.
fn from(bound: &[SocketAddr], to: SocketAddr) -> io::Result<SocketAddr> {
    let mut same = bound.iter().filter(|from| from.is_ipv4() == to.is_ipv4());
    same.next().copied().ok_or_else(|| {
        let reason = format!("bindAddress has no address to reach {} from", to.ip());
        io::Error::new(io::ErrorKind::AddrNotAvailable, reason)
    })
}

/// Has a proxy connect further.
async fn tunnel<T: Transport>(mut io: T, mut connect: ProxyConnect) -> io::Result<T> {
    let mut sent = 0;
    poll_fn(|cx| {
        while sent < connect.request().len() {
            let rest = IoSlice::new(&connect.request()[sent..]);
            match task::ready!(io.poll_write(cx, &[rest]))? {
                0 => return Err(io::ErrorKind::WriteZero.into()).into(),
                count => sent += count,
            }
        }
        io.poll_flush(cx)
    })
    .await?;
    let mut octets = [0; ProxyConnect::MOST];
    loop {
        let wanted = connect.wants();
        let count = poll_fn(|cx| io.poll_read(cx, &mut octets[..wanted])).await?;
        if connect.receive(&octets[..count])? {
            return Ok(io);
        }
    }
}
