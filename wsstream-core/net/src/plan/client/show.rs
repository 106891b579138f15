//! A client's plan as text, without secrets.

use std::fmt;

use super::super::Within;
use super::{
    BindAddress, ClientLayer, ClientPlan, ClientSocket, ClientTlsLayer, ClientTlsSource, TcpClient,
    WebSocketClient,
};
use crate::descriptor::Seconds;
use crate::host_port::HostPort;

/// Writes a line for each layer, from the socket up. The last line ends with the total time limit.
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

/// Omits the query, which may contain a token.
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
        write!(f, "websocket {scheme}://{authority}{path}{query}, {limit}")?;
        match self.redirects {
            0 => Ok(()),
            1 => f.write_str(", up to 1 redirect"),
            most => write!(f, ", up to {most} redirects"),
        }
    }
}
