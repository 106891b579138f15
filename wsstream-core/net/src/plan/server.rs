//! A server's plan.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use wsstream_core::handshake::ServerConfig;

use super::{Within, no_plan};
use crate::descriptor::{
    Certificates, EndpointError, EndpointErrorKind, ServerDescriptor, TcpServer, UnixServer,
    UnsupportedEndpoint, unfit_for_a_server,
};
use crate::error::Error;
use crate::host_port::HostPort;
use crate::tls::ServerTls;

/// The steps of a server to listen.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerPlan {
    /// The socket to listen on.
    pub socket: ServerSocket,
    /// The layers over each connection, from the lowest up.
    pub layers: Vec<ServerLayer>,
    /// How long a client may take for TLS and the first opening handshake. Further handshakes have
    /// their own limits.
    pub handshake_timeout: Duration,
    /// Whether to set TCP_NODELAY, so that small writes are sent at once.
    pub nodelay: bool,
}

/// The socket that a server listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever follows a plan has to know all of it"
)]
pub enum ServerSocket {
    /// TCP.
    Tcp(TcpServer),
    /// A Unix socket.
    Unix(UnixServer),
}

/// A layer of a server's connection.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "whoever follows a plan has to know all of it"
)]
pub enum ServerLayer {
    /// TLS.
    Tls(ServerTlsLayer),
    /// WebSocket.
    WebSocket(Arc<ServerConfig>),
}

/// A server's TLS layer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerTlsLayer {
    /// The certificates to show to clients.
    pub source: ServerTlsSource,
    /// Whether the layer carries WebSocket. TLS then announces it (ALPN).
    pub websocket: bool,
}

/// A server's certificates, or the files with them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ServerTlsSource {
    /// Read them from files.
    Files(Certificates),
    /// Use this configuration.
    Given(ServerTls),
}

impl ServerPlan {
    /// Reads a descriptor, or a `ws` URL.
    ///
    /// # Errors
    ///
    /// The position and the reason, if the text is not a descriptor or cannot be used here.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        Self::try_from(&ServerDescriptor::parse(text)?)
    }

    /// TCP at `HOST:PORT`, with no layer on top. IPv6 addresses have brackets.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `address` is not `HOST:PORT`.
    pub fn tcp(address: &str) -> Result<Self, Error> {
        let HostPort(host, port) = HostPort::parse(address)?;
        Ok(Self {
            socket: ServerSocket::Tcp(TcpServer::new(host, port)),
            layers: Vec::new(),
            handshake_timeout: ServerConfig::stream().handshake_timeout,
            nodelay: true,
        })
    }

    /// WebSocket over TCP at `HOST:PORT`. IPv6 addresses have brackets.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if `address` is not `HOST:PORT`.
    pub fn websocket(address: &str, config: ServerConfig) -> Result<Self, Error> {
        Ok(Self::tcp(address)?.with_websocket(config))
    }

    /// WebSocket over a Unix socket with a lock, open to all users.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the path is not UTF-8.
    #[cfg(unix)]
    pub fn websocket_unix(path: impl AsRef<Path>, config: ServerConfig) -> Result<Self, Error> {
        let Some(path) = path.as_ref().to_str() else {
            let reason = "the path of a Unix socket has to be UTF-8";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason).into());
        };
        let plan = Self {
            socket: ServerSocket::Unix(UnixServer::new(path)),
            layers: Vec::new(),
            handshake_timeout: config.handshake_timeout,
            nodelay: true,
        };
        Ok(plan.with_websocket(config))
    }

    /// One WebSocket on top, the first.
    fn with_websocket(mut self, config: ServerConfig) -> Self {
        self.handshake_timeout = config.handshake_timeout;
        self.layers.push(ServerLayer::WebSocket(Arc::new(config)));
        self
    }
}

impl ServerTlsLayer {
    /// Loads the configuration of this layer. It reads files, so call this where blocking is allowed.
    ///
    /// # Errors
    ///
    /// Errors of the files, and `Unsupported` without the feature `rustls`.
    pub(crate) fn load(&self) -> io::Result<ServerTls> {
        let tls = match &self.source {
            ServerTlsSource::Given(tls) => tls.clone(),
            ServerTlsSource::Files(certificates) => ServerTls::from_files(certificates)?,
        };
        Ok(match self.websocket {
            true => tls,
            false => tls.without_http(),
        })
    }
}

/// The time limit is the handshake timeout of the first WebSocket layer.
impl TryFrom<&ServerDescriptor> for ServerPlan {
    type Error = EndpointError;

    fn try_from(descriptor: &ServerDescriptor) -> Result<Self, EndpointError> {
        let forwarder = |name| {
            let unsupported = UnsupportedEndpoint::Forwarder { name };
            Err(no_plan(EndpointErrorKind::Endpoint(unsupported)))
        };
        let mut layers = Vec::new();
        let mut handshake_timeout = ServerConfig::stream().handshake_timeout;
        let mut nodelay = true;
        let mut descriptor = descriptor;
        let socket = loop {
            match descriptor {
                ServerDescriptor::Autobahn(autobahn) => {
                    // A descriptor that was read has none of that, but one that was changed since.
                    if let Some(kind) = unfit_for_a_server(&autobahn.url) {
                        return Err(no_plan(kind));
                    }
                    let config = autobahn.server_config();
                    let config =
                        config.map_err(|error| no_plan(EndpointErrorKind::Field(error)))?;
                    handshake_timeout = config.handshake_timeout;
                    nodelay = autobahn.options.nodelay.unwrap_or(nodelay);
                    layers.push(ServerLayer::WebSocket(Arc::new(config)));
                    descriptor = &autobahn.endpoint;
                }
                ServerDescriptor::Tls(tls) => {
                    layers.push(ServerLayer::Tls(ServerTlsLayer {
                        source: ServerTlsSource::Files(tls.certificates.clone()),
                        websocket: !layers.is_empty(),
                    }));
                    break ServerSocket::Tcp(tls.tcp.clone());
                }
                ServerDescriptor::Tcp(tcp) => break ServerSocket::Tcp(tcp.clone()),
                ServerDescriptor::Unix(unix) => break ServerSocket::Unix(unix.clone()),
                ServerDescriptor::Exec(_) => return forwarder("exec"),
                ServerDescriptor::Haproxy(_) => return forwarder("haproxy"),
                ServerDescriptor::Stdio => return forwarder("stdio"),
                ServerDescriptor::Systemd(_) => return forwarder("systemd"),
            }
        };
        layers.reverse();
        Ok(Self {
            socket,
            layers,
            handshake_timeout,
            nodelay,
        })
    }
}

impl FromStr for ServerPlan {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

/// Writes a line for each layer, from the socket up. The last line ends with the limit of the first
/// handshakes.
impl fmt::Display for ServerPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            ServerSocket::Tcp(tcp) => {
                let at = HostPort(&tcp.interface, tcp.port);
                write!(f, "tcp {at}, backlog {}", tcp.backlog)?;
                f.write_str(if self.nodelay { "" } else { ", delayed" })?;
            }
            ServerSocket::Unix(unix) => {
                let lock = if unix.lockfile { ", with a lock" } else { "" };
                let UnixServer {
                    path,
                    mode,
                    backlog,
                    ..
                } = unix;
                write!(f, "unix {path}, mode {mode:o}, backlog {backlog}{lock}")?;
            }
        }
        for layer in &self.layers {
            match layer {
                ServerLayer::Tls(tls) => write!(f, "\n{tls}")?,
                ServerLayer::WebSocket(config) => {
                    write!(f, "\nwebsocket, {}", Within(config.handshake_timeout))?;
                    if let Some(path) = config.health() {
                        write!(f, ", health checks at {path}")?;
                    }
                }
            }
        }
        match self.layers.len() {
            0 => Ok(()),
            _ => write!(f, "; first handshakes {}", Within(self.handshake_timeout)),
        }
    }
}

impl fmt::Display for ServerTlsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            ServerTlsSource::Files(Certificates::Directory(path)) => {
                write!(f, "tls, certificates of {path}")
            }
            ServerTlsSource::Files(Certificates::Files {
                identity,
                extra_chain,
            }) => {
                write!(f, "tls, certificate {}", identity.certificate)?;
                if let Some(extra) = extra_chain {
                    write!(f, " and {extra}")?;
                }
                write!(f, ", key {}", identity.private_key)
            }
            ServerTlsSource::Given(_) => f.write_str("tls, as given"),
        }
    }
}
