//! A host and a port in one text.

use std::fmt;

/// A host and a port.
pub(crate) struct HostPort<'a>(pub(crate) &'a str, pub(crate) u16);

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self(host, port) => write!(f, "{host}:{port}"),
        }
    }
}
