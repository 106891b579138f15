//! Connecting to what a descriptor says.

use std::env;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::timeout;
use wsstream_core::endpoint::{
    self, ClientLayer, ClientPlan, ClientSocket, EndpointError, TcpClient, TlsClient,
};
use wsstream_core::proxy::{Proxy, ProxyConnect};
use wsstream_core::pump;

use super::EndpointStream;
use crate::connect::open;
use crate::timer::Timer;

/// Where to connect, as a descriptor says.
#[derive(Clone, Debug)]
pub struct ClientEndpoint {
    endpoint: endpoint::ClientEndpoint,
    through: Through,
}

/// How TCP gets there.
#[derive(Clone, Debug)]
enum Through {
    Directly,
    Proxy(Proxy),
    Environment,
}

impl ClientEndpoint {
    /// Connects by TCP through this proxy, which looks up the host's name too. Unix sockets need none.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.through = Through::Proxy(proxy);
        self
    }

    /// Connects by TCP through the proxy that the environment names, if it does: `https_proxy` where TLS is
    /// used, else `http_proxy`, and `no_proxy` for hosts that need none. See [`Proxy::of_environment`].
    #[must_use]
    pub fn proxy_of_environment(mut self) -> Self {
        self.through = Through::Environment;
        self
    }

    /// Connects. The addresses of a host's name are tried in turn; `timeout` is for all of them, and for TLS.
    ///
    /// # Errors
    ///
    /// `Unsupported` with an [`UnsupportedEndpoint`](super::UnsupportedEndpoint) inside; `TimedOut`; those of the socket, the proxy, the
    /// files of TLS, and the handshakes, as for [`connect_with`](crate::connect_with).
    pub async fn connect(&self) -> io::Result<EndpointStream> {
        let plan = self.endpoint.plan()?;
        // In a box: else the task that uses the stream keeps the room all its life.
        let connected = timeout(plan.limit, Box::pin(self.follow(&plan))).await;
        connected.unwrap_or_else(|_| {
            let reason = "not connected in time";
            Err(io::Error::new(io::ErrorKind::TimedOut, reason))
        })
    }

    async fn follow(&self, plan: &ClientPlan) -> io::Result<EndpointStream> {
        let mut stream = match &plan.socket {
            ClientSocket::Tcp(tcp) => self.dial(tcp, plan).await?.into(),
            #[cfg(unix)]
            ClientSocket::Unix(unix) => {
                unix.check_lock()?;
                let connecting = tokio::net::UnixStream::connect(&unix.path);
                timeout(unix.timeout, connecting).await??.into()
            }
            #[cfg(not(unix))]
            ClientSocket::Unix(_) => return Err(super::UnsupportedEndpoint::Unix.into()),
        };
        for (index, layer) in plan.layers.iter().enumerate() {
            stream = match layer {
                ClientLayer::Tls(tls) => {
                    secure(stream, tls, plan.is_below_websocket(index)).await?
                }
                ClientLayer::WebSocket(autobahn) => {
                    let client = autobahn.client().map_err(invalid)?;
                    let opened = open(stream, &autobahn.url, &client).await?;
                    EndpointStream::websocket_over(opened.into_stream(), None)
                }
            };
        }
        Ok(stream)
    }

    async fn dial(&self, tcp: &TcpClient, plan: &ClientPlan) -> io::Result<TcpStream> {
        let proxy = match &self.through {
            Through::Directly => None,
            Through::Proxy(proxy) => Some(proxy.clone()),
            Through::Environment => {
                let variable = |name: &str| env::var(name).ok();
                Proxy::of_environment(plan.has_tls(), &tcp.host, tcp.port, variable)?
            }
        };
        let dialling = async {
            let Some(proxy) = proxy else {
                return dial_host(&tcp.host, tcp.port, tcp).await;
            };
            let stream = dial_host(proxy.host(), proxy.port(), tcp).await?;
            tunnel(stream, ProxyConnect::new(&proxy, &tcp.host, tcp.port)?).await
        };
        let stream = timeout(tcp.timeout, dialling).await??;
        stream.set_nodelay(plan.nodelay)?;
        Ok(stream)
    }
}

impl FromStr for ClientEndpoint {
    type Err = EndpointError;

    fn from_str(descriptor: &str) -> Result<Self, EndpointError> {
        Ok(endpoint::ClientEndpoint::parse(descriptor)?.into())
    }
}

impl From<endpoint::ClientEndpoint> for ClientEndpoint {
    fn from(endpoint: endpoint::ClientEndpoint) -> Self {
        let through = Through::Directly;
        Self { endpoint, through }
    }
}

async fn dial_host(host: &str, port: u16, tcp: &TcpClient) -> io::Result<TcpStream> {
    let from = match &tcp.bind_address {
        None => Vec::new(),
        Some(address) => lookup_host((&**address, 0)).await?.collect(),
    };
    let look_up = async { Ok(lookup_host((host, port)).await?.collect()) };
    let connect = |address| connect_from(&from, address, tcp.bind_address.is_some());
    pump::dial_host(&mut Timer::new(), host, tcp.timeout, look_up, connect).await
}

/// Connects to an address from one of its own family, if that matters.
async fn connect_from(from: &[SocketAddr], to: SocketAddr, bind: bool) -> io::Result<TcpStream> {
    let socket = if to.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if bind {
        let mut same = from.iter().filter(|from| from.is_ipv4() == to.is_ipv4());
        let from = same.next().ok_or_else(|| {
            let reason = format!("bindAddress has no address to reach {} from", to.ip());
            io::Error::new(io::ErrorKind::AddrNotAvailable, reason)
        })?;
        socket.bind(*from)?;
    }
    socket.connect(to).await
}

/// Has a proxy connect further.
async fn tunnel(mut stream: TcpStream, mut connect: ProxyConnect) -> io::Result<TcpStream> {
    stream.write_all(connect.request()).await?;
    let mut octets = [0; 4];
    loop {
        let count = stream.read(&mut octets[..connect.wants()]).await?;
        if connect.receive(&octets[..count])? {
            return Ok(stream);
        }
    }
}

#[cfg(feature = "rustls")]
async fn secure(
    stream: EndpointStream,
    endpoint: &TlsClient,
    websocket: bool,
) -> io::Result<EndpointStream> {
    use wsstream_core::tls::{ClientTls, host_name};

    let name = host_name(&endpoint.server_name)?;
    let files = endpoint.clone();
    let reading = move || ClientTls::of_endpoint(&files, websocket);
    let tls = tokio::task::spawn_blocking(reading).await??;
    let secured = crate::tls::connect_to(&tls, stream, name, &endpoint.server_name).await?;
    Ok(secured.into())
}

#[cfg(not(feature = "rustls"))]
async fn secure(_: EndpointStream, _: &TlsClient, _: bool) -> io::Result<EndpointStream> {
    Err(super::UnsupportedEndpoint::Tls.into())
}

/// Only what was changed after it was read is that.
pub(super) fn invalid(error: wsstream_core::handshake::InvalidField) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
