//! Hosts as they are dialled and listened at: with a port, printed and read as in a URL, and with a zone.

use std::fmt;
use std::io;
use std::net::Ipv6Addr;

use wsstream_core::Url;

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
            .filter(|(host, _)| !host.is_empty() && !host.contains(['/', '@']))
            .map(|(host, port)| (host, port.parse()));
        let Some((host, Ok(port))) = split else {
            // A URL with a user or a query, or a line of a file, may have a secret.
            let is_foreign = |char: char| !char.is_alphanumeric() && !"-._:[]%/".contains(char);
            let reason = match text.contains(is_foreign) {
                true => format!("what these {} octets are", text.len()),
                false => format!("{text:?}"),
            };
            let reason = format!("expected HOST:PORT, not {reason}");
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

/// The host of a URL to dial or to listen on: `ADDRESS%ZONE` if it has a zone.
pub(crate) fn host_and_zone(url: &Url) -> String {
    match url.zone() {
        Some(zone) => format!("{}%{zone}", url.host()),
        None => url.host().to_owned(),
    }
}

/// Splits `ADDRESS%ZONE` (RFC 4007 §11): a network interface of ours, by its name or number.
pub(crate) fn split_zone(host: &str) -> Option<(Ipv6Addr, &str)> {
    let (address, zone) = host.split_once('%')?;
    Some((address.parse().ok()?, zone))
}

/// The host as others know it.
pub(crate) fn without_zone(host: &str) -> &str {
    match (split_zone(host), host.split_once('%')) {
        (Some(_), Some((address, _))) => address,
        _ => host,
    }
}
