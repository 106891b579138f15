//! A host and a port, printed and read as in a URL.

use std::fmt;
use std::io;

/// Prints `HOST:PORT`, with an IPv6 address in brackets.
pub(crate) struct HostPort<'a>(pub(crate) &'a str, pub(crate) u16);

impl<'a> HostPort<'a> {
    /// Reads `HOST:PORT`. An IPv6 address may have brackets.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for anything else, such as a URL.
    pub(crate) fn parse(text: &'a str) -> io::Result<Self> {
        let split = text
            .rsplit_once(':')
            .filter(|(host, _)| !host.is_empty() && !host.contains('/'))
            .map(|(host, port)| (host, port.parse()));
        let Some((host, Ok(port))) = split else {
            let reason = format!("expected HOST:PORT, not {text:?}");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        Ok(Self(bare.unwrap_or(host), port))
    }
}

impl fmt::Display for HostPort<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self(host, port) => write!(f, "{host}:{port}"),
        }
    }
}
