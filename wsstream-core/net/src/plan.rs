//! What an adapter does for an endpoint: the socket, and what goes over it, from the inside out.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use super::{
    AutobahnClient, AutobahnServer, ClientEndpoint, ServerEndpoint, TcpClient, TcpServer,
    TlsClient, TlsServer, UnixClient, UnixServer,
};
use crate::handshake::{ClientConfig, ServerConfig};

/// What a client does to connect, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientPlan {
    /// What is dialled.
    pub socket: ClientSocket,
    /// What is done over it, and over each other; the first one over the socket itself.
    pub layers: Vec<ClientLayer>,
    /// How long all of it may take: the socket's `timeout`, in which TLS has to be done too, and the
    /// opening handshakes' own.
    pub limit: Duration,
    /// Whether to set TCP_NODELAY; it is, unless an `autobahn` says otherwise.
    pub nodelay: bool,
}

impl ClientPlan {
    /// Whether TLS is among the layers.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        let tls = |layer: &ClientLayer| matches!(layer, ClientLayer::Tls(_));
        self.layers.iter().any(tls)
    }

    /// Whether WebSocket is what goes over a layer.
    #[must_use]
    pub fn is_below_websocket(&self, layer: usize) -> bool {
        matches!(self.layers.get(layer + 1), Some(ClientLayer::WebSocket(_)))
    }
}

/// What a client dials.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter that does not know one has to be told when it is built"
)]
pub enum ClientSocket {
    /// TCP.
    Tcp(TcpClient),
    /// A Unix socket.
    Unix(UnixClient),
}

/// What a client does over a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter that does not know one has to be told when it is built"
)]
pub enum ClientLayer {
    /// TLS. Its own `endpoint` is what is below.
    Tls(TlsClient),
    /// WebSocket. Its own `endpoint` is what is below.
    WebSocket(Box<AutobahnClient>),
}

/// What a server does to listen, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerPlan {
    /// Where it listens.
    pub socket: ServerSocket,
    /// What is done over each connection, and over each other; the first one over the socket itself.
    pub layers: Vec<ServerLayer>,
    /// How long a client may take for TLS and the first opening handshake; further ones have their own
    /// limits.
    pub limit: Duration,
    /// Whether to set TCP_NODELAY; it is, unless an `autobahn` says otherwise.
    pub nodelay: bool,
}

impl ServerPlan {
    /// Whether WebSocket is what goes over a layer.
    #[must_use]
    pub fn is_below_websocket(&self, layer: usize) -> bool {
        matches!(self.layers.get(layer + 1), Some(ServerLayer::WebSocket(_)))
    }
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter that does not know one has to be told when it is built"
)]
pub enum ServerSocket {
    /// TCP.
    Tcp(TcpServer),
    /// A Unix socket.
    Unix(UnixServer),
}

/// What a server does over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an adapter that does not know one has to be told when it is built"
)]
pub enum ServerLayer {
    /// TLS, with its certificates.
    Tls(TlsServer),
    /// WebSocket.
    WebSocket(Box<AutobahnServer>),
}

/// An endpoint that is described well, and cannot be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsupportedEndpoint {
    /// This type is the forwarder command's alone.
    Forwarder {
        /// Its name in descriptors.
        name: &'static str,
    },
    /// TLS, which the program was built without.
    Tls,
    /// Unix sockets, which the system does not have.
    Unix,
}

impl ClientEndpoint {
    /// What an adapter has to do.
    ///
    /// # Errors
    ///
    /// If something in it is not for adapters.
    pub fn plan(&self) -> Result<ClientPlan, UnsupportedEndpoint> {
        let mut layers = Vec::new();
        let mut limit = Duration::ZERO;
        let mut nodelay = true;
        let mut endpoint = self;
        let (socket, timeout) = loop {
            match endpoint {
                Self::Autobahn(autobahn) => {
                    let handshake = autobahn.options.handshake_timeout;
                    let handshake = handshake.unwrap_or_else(|| ClientConfig::stream().timeout());
                    limit = limit.saturating_add(handshake);
                    nodelay = autobahn.options.nodelay.unwrap_or(nodelay);
                    layers.push(ClientLayer::WebSocket(Box::new(autobahn.clone())));
                    endpoint = &autobahn.endpoint;
                }
                Self::Tls(tls) => {
                    layers.push(ClientLayer::Tls(tls.clone()));
                    endpoint = &tls.endpoint;
                }
                Self::Tcp(tcp) => break (ClientSocket::Tcp(tcp.clone()), tcp.timeout),
                Self::Unix(unix) => break (ClientSocket::Unix(unix.clone()), unix.timeout),
                Self::Exec(_) => return Err(UnsupportedEndpoint::Forwarder { name: "exec" }),
                Self::Stdio => return Err(UnsupportedEndpoint::Forwarder { name: "stdio" }),
            }
        };
        layers.reverse();
        Ok(ClientPlan {
            socket,
            layers,
            limit: limit.saturating_add(timeout),
            nodelay,
        })
    }
}

impl ServerEndpoint {
    /// What an adapter has to do.
    ///
    /// # Errors
    ///
    /// If something in it is not for adapters.
    pub fn plan(&self) -> Result<ServerPlan, UnsupportedEndpoint> {
        let mut layers = Vec::new();
        let mut limit = None;
        let mut nodelay = true;
        let mut endpoint = self;
        let forwarder = |name| Err(UnsupportedEndpoint::Forwarder { name });
        let socket = loop {
            match endpoint {
                Self::Autobahn(autobahn) => {
                    limit = autobahn.options.handshake_timeout;
                    nodelay = autobahn.options.nodelay.unwrap_or(nodelay);
                    layers.push(ServerLayer::WebSocket(Box::new(autobahn.clone())));
                    endpoint = &autobahn.endpoint;
                }
                Self::Tls(tls) => {
                    layers.push(ServerLayer::Tls(tls.clone()));
                    break ServerSocket::Tcp(tls.tcp.clone());
                }
                Self::Tcp(tcp) => break ServerSocket::Tcp(tcp.clone()),
                Self::Unix(unix) => break ServerSocket::Unix(unix.clone()),
                Self::Exec(_) => return forwarder("exec"),
                Self::Haproxy(_) => return forwarder("haproxy"),
                Self::Stdio => return forwarder("stdio"),
                Self::Systemd(_) => return forwarder("systemd"),
            }
        };
        layers.reverse();
        Ok(ServerPlan {
            socket,
            layers,
            limit: limit.unwrap_or_else(|| ServerConfig::stream().timeout()),
            nodelay,
        })
    }
}

impl fmt::Display for UnsupportedEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forwarder { name } => {
                write!(f, "endpoints `{name}` belong to the forwarder command")
            }
            Self::Tls => f.write_str("TLS needs the feature `rustls`"),
            Self::Unix => f.write_str("this system has no Unix sockets"),
        }
    }
}

impl core::error::Error for UnsupportedEndpoint {}

#[cfg(feature = "std")]
impl From<UnsupportedEndpoint> for std::io::Error {
    fn from(error: UnsupportedEndpoint) -> Self {
        Self::new(std::io::ErrorKind::Unsupported, error)
    }
}

/// Where the other end of a connection is, or our own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointAddress {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket; clients have no name as a rule.
    Unix(Option<String>),
}

/// As a client's descriptor would have it: `tcp:127.0.0.1:9000`, `unix:/run/s`, but not quoted.
impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.as_deref().unwrap_or_default()),
        }
    }
}
