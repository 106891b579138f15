//! What a client does.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use wsstream_core::Url;
use wsstream_core::handshake::ClientConfig;

use super::{Within, no_plan};
use crate::descriptor::{
    ClientDescriptor, EndpointError, EndpointErrorKind, PemFiles, Seconds, TlsClient,
    UnsupportedEndpoint,
};
use crate::host_port::HostPort;
use crate::proxy::Proxy;
use crate::tls::ClientTls;

/// What a client does to connect, in order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientPlan {
    /// The socket that is connected.
    pub socket: ClientSocket,
    /// The proxy that TCP goes through. Unix sockets go through none.
    pub proxy: Option<Proxy>,
    /// What is done over the socket, and over each other; the first one over the socket itself.
    pub layers: Vec<ClientLayer>,
    /// How long all of it may take.
    pub timeout: Duration,
}

/// The socket that a client connects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever follows a plan has to know all of it"
)]
pub enum ClientSocket {
    /// TCP.
    Tcp(TcpClient),
    /// A Unix socket.
    Unix(UnixClient),
}

/// Where to connect by TCP, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpClient {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address to connect from, if it matters.
    pub bind_address: Option<BindAddress>,
    /// How long it may take to look the name up, to connect, and to get through the proxy.
    pub timeout: Duration,
    /// Whether to set TCP_NODELAY, so that nothing waits for more.
    pub nodelay: bool,
}

/// Where to connect by Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnixClient {
    /// The socket.
    pub path: PathBuf,
    /// How long connecting may take.
    pub timeout: Duration,
    /// Whether to connect only where the server holds its lock, a symbolic link beside the socket with
    /// `.lock` after its name.
    pub lockfile: bool,
}

/// The address that a client connects from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindAddress {
    /// An address. Where the port is 0 the system chooses one.
    Address(SocketAddr),
    /// One of the addresses of a name.
    Name(String),
}

/// What a client does over a socket.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever follows a plan has to know all of it"
)]
pub enum ClientLayer {
    /// TLS.
    Tls(ClientTlsLayer),
    /// WebSocket.
    WebSocket(WebSocketClient),
}

/// TLS, as a client does it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientTlsLayer {
    /// The name or the address that the server's certificate has to be for.
    pub server_name: String,
    /// What to trust, and what to show.
    pub source: ClientTlsSource,
    /// Whether WebSocket goes over it. Then TLS says so (ALPN).
    pub websocket: bool,
}

/// What a client trusts, and what it shows, or where that is found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientTlsSource {
    /// In files.
    Files {
        /// A directory whose `.pem` files are the authorities to trust; `None` for those of the platform.
        trust_roots: Option<String>,
        /// The certificate to show to the server.
        identity: Option<PemFiles>,
    },
    /// Here.
    Given(ClientTls),
}

/// WebSocket, as a client does it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebSocketClient {
    /// What to ask for.
    pub url: Url,
    /// How to ask, and how the connection behaves. Its handshake timeout is for this layer.
    pub config: Arc<ClientConfig>,
}

impl ClientPlan {
    /// Connects to the host and the port of a URL by TCP, does TLS if it is `wss`, and asks for a WebSocket.
    /// The handshake timeout of `config` is for all of it.
    #[must_use]
    pub fn url(url: Url, config: ClientConfig) -> Self {
        let timeout = config.handshake_timeout;
        let mut layers = Vec::new();
        if url.is_secure() {
            layers.push(ClientLayer::Tls(ClientTlsLayer {
                server_name: url.host().to_owned(),
                source: ClientTlsSource::Files {
                    trust_roots: None,
                    identity: None,
                },
                websocket: true,
            }));
        }
        let socket = ClientSocket::Tcp(TcpClient {
            host: url.host().to_owned(),
            port: url.port(),
            bind_address: None,
            timeout,
            nodelay: true,
        });
        let config = Arc::new(config);
        layers.push(ClientLayer::WebSocket(WebSocketClient { url, config }));
        Self {
            socket,
            proxy: None,
            layers,
            timeout,
        }
    }

    /// Reads a descriptor, or a `ws` or `wss` URL.
    ///
    /// # Errors
    ///
    /// Where and why the text is no descriptor, or why it cannot be used here.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        Self::try_from(&ClientDescriptor::parse(text)?)
    }

    /// Whether TLS is among the layers.
    #[must_use]
    pub(crate) fn has_tls(&self) -> bool {
        let tls = |layer: &ClientLayer| matches!(layer, ClientLayer::Tls(_));
        self.layers.iter().any(tls)
    }

    /// Whether WebSocket is the outermost layer.
    #[must_use]
    pub(crate) fn has_websocket_on_top(&self) -> bool {
        matches!(self.layers.last(), Some(ClientLayer::WebSocket(_)))
    }
}

/// The limit is the sum of the socket's `timeout`, which is for TLS too, and of the opening handshakes' timeouts.
impl TryFrom<&ClientDescriptor> for ClientPlan {
    type Error = EndpointError;

    fn try_from(descriptor: &ClientDescriptor) -> Result<Self, EndpointError> {
        let forwarder = |name| {
            let unsupported = UnsupportedEndpoint::Forwarder { name };
            Err(no_plan(EndpointErrorKind::Endpoint(unsupported)))
        };
        let mut layers = Vec::new();
        let mut handshakes = Duration::ZERO;
        let mut nodelay = true;
        let mut descriptor = descriptor;
        let (socket, timeout) = loop {
            match descriptor {
                ClientDescriptor::Autobahn(autobahn) => {
                    let config = autobahn.client_config();
                    let config =
                        config.map_err(|error| no_plan(EndpointErrorKind::Field(error)))?;
                    handshakes = handshakes.saturating_add(config.handshake_timeout);
                    nodelay = autobahn.options.nodelay.unwrap_or(nodelay);
                    layers.push(ClientLayer::WebSocket(WebSocketClient {
                        url: autobahn.url.clone(),
                        config: Arc::new(config),
                    }));
                    descriptor = &autobahn.endpoint;
                }
                ClientDescriptor::Tls(tls) => {
                    let websocket = matches!(layers.last(), Some(ClientLayer::WebSocket(_)));
                    layers.push(ClientLayer::Tls(ClientTlsLayer::new(tls, websocket)));
                    descriptor = &tls.endpoint;
                }
                ClientDescriptor::Tcp(tcp) => {
                    let socket = TcpClient {
                        host: tcp.host.clone(),
                        port: tcp.port,
                        bind_address: tcp.bind_address.as_deref().map(BindAddress::read),
                        timeout: tcp.timeout,
                        nodelay,
                    };
                    break (ClientSocket::Tcp(socket), tcp.timeout);
                }
                ClientDescriptor::Unix(unix) => {
                    let mut socket = UnixClient::new(unix.path.as_ref(), unix.timeout);
                    socket.lockfile = unix.lockfile;
                    break (ClientSocket::Unix(socket), unix.timeout);
                }
                ClientDescriptor::Exec(_) => return forwarder("exec"),
                ClientDescriptor::Stdio => return forwarder("stdio"),
            }
        };
        layers.reverse();
        Ok(Self {
            socket,
            proxy: None,
            layers,
            timeout: timeout.saturating_add(handshakes),
        })
    }
}

impl FromStr for ClientPlan {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

impl UnixClient {
    pub(crate) fn new(path: &Path, timeout: Duration) -> Self {
        Self {
            path: path.to_owned(),
            timeout,
            lockfile: false,
        }
    }
}

impl ClientTlsLayer {
    fn new(tls: &TlsClient, websocket: bool) -> Self {
        Self {
            server_name: tls.server_name.clone(),
            source: ClientTlsSource::Files {
                trust_roots: tls.trust_roots.clone(),
                identity: tls.identity.clone(),
            },
            websocket,
        }
    }

    /// The TLS that this layer does. It reads files: call it where you may block.
    ///
    /// # Errors
    ///
    /// Those of the files, and `Unsupported` without the feature `rustls`.
    pub(crate) fn load(&self) -> io::Result<ClientTls> {
        let tls = match &self.source {
            ClientTlsSource::Given(tls) => tls.clone(),
            ClientTlsSource::Files {
                trust_roots,
                identity,
            } => ClientTls::from_files(trust_roots.as_deref(), identity.as_ref())?,
        };
        Ok(match self.websocket {
            true => tls,
            false => tls.without_http(),
        })
    }
}

impl BindAddress {
    fn read(text: &str) -> Self {
        match text.parse::<IpAddr>() {
            Ok(address) => address.into(),
            Err(_) => Self::Name(text.to_owned()),
        }
    }
}

/// With a port that the system chooses.
impl From<IpAddr> for BindAddress {
    fn from(address: IpAddr) -> Self {
        SocketAddr::new(address, 0).into()
    }
}

impl From<SocketAddr> for BindAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Address(address)
    }
}

/// A line for each layer, from the socket up; the last one ends with the limit of all.
impl fmt::Display for ClientPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            ClientSocket::Tcp(tcp) => {
                tcp.fmt(f)?;
                if let Some(proxy) = &self.proxy {
                    write!(f, ", through {proxy}")?;
                }
            }
            ClientSocket::Unix(unix) => {
                let lock = if unix.lockfile { ", if locked" } else { "" };
                write!(
                    f,
                    "unix {}, {}{lock}",
                    unix.path.display(),
                    Within(unix.timeout)
                )?;
            }
        }
        for layer in &self.layers {
            match layer {
                ClientLayer::Tls(tls) => write!(f, "\n{tls}")?,
                ClientLayer::WebSocket(websocket) => write!(f, "\n{websocket}")?,
            }
        }
        write!(f, "; {} s in all", Seconds(self.timeout))
    }
}

impl fmt::Display for TcpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = HostPort(&self.host, self.port);
        write!(f, "tcp {to}, {}", Within(self.timeout))?;
        if let Some(from) = &self.bind_address {
            write!(f, ", from {from}")?;
        }
        f.write_str(if self.nodelay { "" } else { ", delayed" })
    }
}

impl fmt::Display for BindAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) if address.port() == 0 => address.ip().fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for ClientTlsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tls with {}", self.server_name)?;
        match &self.source {
            ClientTlsSource::Files {
                trust_roots,
                identity,
            } => {
                match trust_roots {
                    Some(directory) => write!(f, ", trusting {directory}")?,
                    None => f.write_str(", trusting the platform's authorities")?,
                }
                match identity {
                    Some(identity) => write!(f, ", showing {}", identity.certificate),
                    None => Ok(()),
                }
            }
            ClientTlsSource::Given(_) => f.write_str(", as given"),
        }
    }
}

/// Without the query, which may have a token in it.
impl fmt::Display for WebSocketClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        let scheme = if url.is_secure() { "wss" } else { "ws" };
        let query = if url.resource().contains('?') {
            "?..."
        } else {
            ""
        };
        let limit = Within(self.config.handshake_timeout);
        let (authority, path) = (url.authority(), url.path());
        write!(f, "websocket {scheme}://{authority}{path}{query}, {limit}")
    }
}
