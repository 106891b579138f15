//! A client's plan.

mod show;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use wsstream_core::Url;
use wsstream_core::handshake::ClientConfig;

use super::no_plan;
use crate::descriptor::{
    ClientDescriptor, EndpointError, EndpointErrorKind, PemFiles, TlsClient, UnsupportedEndpoint,
};
use crate::error::Error;
use crate::host_port::{HostPort, host_and_zone};
use crate::proxy::Proxy;
use crate::tls::ClientTls;

/// The time to connect a socket, unless a descriptor says how long. It leaves most of a relay's limit for an answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The time for everything together, where there is no opening handshake that says how long.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The steps of a client to connect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientPlan {
    /// The socket to connect.
    pub socket: ClientSocket,
    /// The proxy for TCP. Unix sockets use none.
    pub proxy: Option<Proxy>,
    /// Whether the proxy is what the environment says, so that a redirect to another host asks it again. A proxy that
    /// was given stays.
    pub proxy_from_env: bool,
    /// The TLS settings for a redirect from `ws` to `wss`, without the client's certificate; `None` to trust the
    /// authorities of the platform.
    pub redirect_tls: Option<ClientTls>,
    /// The layers over the socket, from the lowest up.
    pub layers: Vec<ClientLayer>,
    /// How long all steps together may take.
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

/// How to connect by TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpClient {
    /// A name, or an address without brackets, with its zone if it has one: `fe80::1%eth0`.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The address to connect from, if any.
    pub bind_address: Option<BindAddress>,
    /// How long name look-up, connecting, and the proxy may take together, within the limit of the plan.
    pub timeout: Duration,
    /// Whether to set TCP_NODELAY, so that small writes are sent at once.
    pub nodelay: bool,
}

/// Where to connect by Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnixClient {
    /// The path of the socket.
    pub path: PathBuf,
    /// How long connecting may take.
    pub timeout: Duration,
    /// Whether to connect only if the server holds its lock: a symbolic link at the socket's path plus
    /// `.lock`.
    pub lockfile: bool,
}

/// The address that a client connects from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindAddress {
    /// An address. With port 0, the system chooses the port.
    Address(SocketAddr),
    /// One of the addresses of this name.
    Name(String),
}

/// A layer of a client's connection.
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

/// A client's TLS layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClientTlsLayer {
    /// The name or address that the server's certificate must be valid for.
    pub server_name: String,
    /// The trusted authorities, and the client's certificate.
    pub source: ClientTlsSource,
    /// Whether the layer carries WebSocket. TLS then announces it (ALPN).
    pub websocket: bool,
}

/// The trusted authorities and the client's certificate, or the files with them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientTlsSource {
    /// Read them from files.
    Files {
        /// A directory of `.pem` files with the trusted authorities; `None` for those of the platform.
        trust_roots: Option<String>,
        /// The certificate to show to the server.
        identity: Option<PemFiles>,
    },
    /// Use this configuration.
    Given(ClientTls),
}

/// A client's WebSocket layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WebSocketClient {
    /// The URL to request. If it is `wss`, the layer below has to be TLS, unless the configuration has
    /// [`assume_secure`](ClientConfig::assume_secure).
    pub url: Url,
    /// The client's configuration. Its handshake timeout applies to this layer.
    pub config: Arc<ClientConfig>,
    /// How many redirects to follow, one after the other; 0 for none. A redirect is then an error:
    /// [`HandshakeError::Refused`](wsstream_core::handshake::HandshakeError::Refused).
    pub redirects: u8,
}

impl ClientPlan {
    /// Connects to the URL's host and port by TCP, with TLS if it is `wss`, and opens a WebSocket. The handshake timeout
    /// of `config` applies to all of this. Of that, the socket has 10 s at most.
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
            host: host_and_zone(&url),
            port: url.port(),
            bind_address: None,
            timeout: CONNECT_TIMEOUT.min(timeout),
            nodelay: true,
        });
        let config = Arc::new(config);
        layers.push(ClientLayer::WebSocket(WebSocketClient {
            url,
            config,
            redirects: 0,
        }));
        Self {
            socket,
            proxy: None,
            proxy_from_env: false,
            redirect_tls: None,
            layers,
            timeout,
        }
    }

    /// Connects to a TCP server, given as `HOST:PORT`, with no layer on top, within 10 s. IPv6 addresses have brackets.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `address` is not `HOST:PORT`.
    pub fn tcp(address: &str) -> Result<Self, Error> {
        let HostPort(host, port) = HostPort::parse(address)?;
        Ok(Self {
            socket: ClientSocket::Tcp(TcpClient {
                host: host.to_owned(),
                port,
                bind_address: None,
                timeout: CONNECT_TIMEOUT,
                nodelay: true,
            }),
            proxy: None,
            proxy_from_env: false,
            redirect_tls: None,
            layers: Vec::new(),
            timeout: TIMEOUT,
        })
    }

    /// Reads a descriptor, or a `ws` or `wss` URL.
    ///
    /// # Errors
    ///
    /// The position and the reason, if the text is not a descriptor or cannot be used here.
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

/// The time for everything together is the sum of the socket's `timeout`, 30 s by default, and of the timeouts of the
/// opening handshakes. TLS has what connecting leaves of it.
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
                        redirects: autobahn.redirects,
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
            proxy_from_env: false,
            redirect_tls: None,
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

    /// Loads the configuration of this layer. It reads files, so call this where blocking is allowed.
    ///
    /// # Errors
    ///
    /// Errors of the files, and `Unsupported` without the feature `rustls`.
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

/// The system chooses the port.
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
