//! Connecting to what a descriptor says.

use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use wsstream_core::Seed;
use wsstream_core::endpoint::{self, EndpointError, TlsClient};
use wsstream_core::proxy::{Proxy, ProxyChoice};
use wsstream_core::pump::{self, EndpointDialler, connect_endpoint};

use super::EndpointStream;
use crate::net::set_up;
use crate::timer::{Timer, check_runtime};
#[cfg(feature = "rustls")]
use crate::tls::TlsLayer;
use crate::transport::Transport;

/// Where to connect, as a descriptor says.
#[derive(Clone, Debug)]
pub struct ClientEndpoint {
    endpoint: endpoint::ClientEndpoint,
    proxy: ProxyChoice,
}

impl ClientEndpoint {
    /// Connects by TCP through this proxy, which looks up the host's name too. Unix sockets need none.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = ProxyChoice::Given(proxy);
        self
    }

    /// Connects by TCP through the proxy that the environment names, if it does: `https_proxy` where TLS is
    /// used, else `http_proxy`, and `no_proxy` for hosts that need none. See [`Proxy::of_environment`].
    #[must_use]
    pub fn proxy_of_environment(mut self) -> Self {
        self.proxy = ProxyChoice::Environment;
        self
    }

    /// Connects. The addresses of a host's name are tried in turn; `timeout` is for all of them, and for TLS.
    ///
    /// # Errors
    ///
    /// `Unsupported` with an [`UnsupportedEndpoint`](super::UnsupportedEndpoint) inside; `TimedOut`; those of the socket, the proxy, the
    /// files of TLS, and the handshakes, as for [`connect_with`](crate::connect_with). `Unsupported` on a runtime
    /// without timers (`enable_time`) too.
    pub async fn connect(&self) -> io::Result<EndpointStream> {
        check_runtime()?;
        let connecting = connect_endpoint(&Dialler, &self.endpoint, &self.proxy);
        Ok(connecting.await?.io)
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
        let proxy = ProxyChoice::Direct;
        Self { endpoint, proxy }
    }
}

/// tokio's sockets, for the one who decides what to do with them.
struct Dialler;

impl EndpointDialler for Dialler {
    type Io = Transport<EndpointStream>;
    type Timer = Timer;

    fn timer(&self) -> Timer {
        Timer::new()
    }

    fn seed(&self) -> io::Result<Seed> {
        crate::connect::seed()
    }

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(lookup_host((host, port)).await?.collect())
    }

    async fn connect_tcp(
        &self,
        to: SocketAddr,
        from: Option<SocketAddr>,
        nodelay: bool,
    ) -> io::Result<Self::Io> {
        let tcp = match from {
            None => TcpStream::connect(to).await?,
            Some(from) => {
                let socket = match to {
                    SocketAddr::V4(_) => TcpSocket::new_v4()?,
                    SocketAddr::V6(_) => TcpSocket::new_v6()?,
                };
                socket.bind(from)?;
                socket.connect(to).await?
            }
        };
        set_up(&tcp, nodelay)?;
        Ok(Transport::over_socket(tcp.into()))
    }

    #[cfg(unix)]
    async fn connect_unix(&self, path: &str) -> io::Result<Self::Io> {
        let unix = tokio::net::UnixStream::connect(path).await?;
        Ok(Transport::over_socket(unix.into()))
    }

    #[cfg(feature = "rustls")]
    async fn secure(
        &self,
        Transport { io, .. }: Self::Io,
        endpoint: &TlsClient,
        websocket: bool,
    ) -> io::Result<Self::Io> {
        use wsstream_core::tls::{ClientTls, host_name};

        let name = host_name(&endpoint.server_name)?;
        let files = endpoint.clone();
        let reading = move || ClientTls::of_endpoint(&files, websocket);
        let tls = tokio::task::spawn_blocking(reading).await??;
        let secured = crate::tls::connect_to(&tls, io, name, &endpoint.server_name).await?;
        Ok(Transport::over_socket(TlsLayer::new(secured).into()))
    }

    #[cfg(not(feature = "rustls"))]
    async fn secure(&self, _: Self::Io, _: &TlsClient, _: bool) -> io::Result<Self::Io> {
        Err(super::UnsupportedEndpoint::Tls.into())
    }

    fn websocket(&self, stream: pump::Stream<Self::Io>) -> Self::Io {
        Transport::over_socket(EndpointStream::websocket_over(stream, None))
    }
}
