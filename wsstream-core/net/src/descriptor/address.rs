//! Addresses of sockets.

use std::fmt;
use std::net::SocketAddr;

use socket2::SockAddr;

/// The address of a connection's other end, or of our own.
///
/// ```
/// # use wsstream_net::descriptor::EndpointAddress;
/// fn is_local(peer: &EndpointAddress) -> bool {
///     match peer {
///         EndpointAddress::Unix(_) => true,
///         address => address.tcp().is_some_and(|tcp| tcp.ip().is_loopback()),
///     }
/// }
/// # assert!(is_local(&EndpointAddress::Unix(None)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointAddress {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket. Clients usually have no name.
    Unix(Option<String>),
}

impl EndpointAddress {
    /// The TCP address, if it is one.
    #[must_use]
    pub const fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Converts the operating system's address.
    pub(crate) fn from_system(address: SockAddr) -> Self {
        if let Some(tcp) = address.as_socket() {
            return Self::Tcp(tcp);
        }
        #[cfg(unix)]
        let path = address.as_pathname();
        #[cfg(not(unix))]
        let path: Option<&std::path::Path> = None;
        Self::Unix(path.map(|path| path.to_string_lossy().into_owned()))
    }
}

/// Writes the address like a client's descriptor, but without quoting: `tcp:127.0.0.1:9000`,
/// `unix:/run/s`.
impl fmt::Display for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.as_deref().unwrap_or_default()),
        }
    }
}
