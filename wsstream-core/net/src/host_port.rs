//! A host and a port, printed as in a URL.

use std::fmt;

/// Prints `HOST:PORT`, with an IPv6 address in brackets.
pub(crate) struct HostPort<'a>(pub(crate) &'a str, pub(crate) u16);

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self(host, port) => write!(f, "{host}:{port}"),
        }
    }
}
