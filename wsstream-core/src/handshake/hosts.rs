//! Which names a server answers to: RFC 9110 §7.4, against DNS rebinding.
//!
//! A browser lets a page use the host that the page came from. A hostile page can let its own name point
//! to another address once it is loaded, such as 127.0.0.1. Then its requests reach a server on the
//! user's machine, and [`Origins::same_host`](super::Origins::same_host) takes them for those of a page
//! of this server. Only the name in `Host` tells.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::HandshakeError;
use super::field::InvalidField;
use super::origin;
use super::syntax::{excerpt, split_authority, values};

/// The names that a server answers to.
///
/// The list is for requests that come straight from a web page. So the server looks at it only if
///
/// - the server knows where it listens ([`ServerConfig::listening_on`](super::ServerConfig::listening_on)):
///   listeners of `wsstream-net` on TCP do, and those on Unix sockets never look;
/// - the request has an `Origin`;
/// - its `Host` names a port that the server listens on. No port means 80, or 443 if the server does
///   TLS itself. Behind a proxy on another port, `Host` has the proxy's port.
///
/// A request with another name is refused with 403.
///
/// ```
/// # use wsstream_core::handshake::{Hosts, ServerConfig};
/// let server = ServerConfig::stream().hosts(Hosts::list(["relay.example.org", "192.0.2.1"])?);
/// # let _ = server;
/// # Ok::<_, wsstream_core::handshake::InvalidField>(())
/// ```
///
/// By default, a server that listens on loopback addresses alone answers to
///
/// - `localhost` and names that end in `.localhost`, which are loopback by RFC 6761 §6.3;
/// - all literal IP addresses, because no page can let them point elsewhere;
/// - the names that it was given with [`ServerConfig::known_as`](super::ServerConfig::known_as):
///   listeners of `wsstream-net` add the name that they are bound to, and the host of their URL.
///
/// A server with any other address among its own answers to every name by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(Policy);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Policy {
    Any,
    List(Vec<String>),
    #[default]
    Local,
}

impl Hosts {
    /// Answers to every name. A page that any web site serves can then reach the server by DNS rebinding,
    /// if its [`Origins`](super::Origins) are those of the same host, or any.
    #[must_use]
    pub const fn any() -> Self {
        Self(Policy::Any)
    }

    /// Answers to these hosts only: names and literal IP addresses, without a port. Upper and lower case
    /// are the same.
    ///
    /// # Errors
    ///
    /// [`InvalidField::Host`] if an entry has another form. An entry with a port, for example, would
    /// never match.
    pub fn list<I>(hosts: I) -> Result<Self, InvalidField>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let mut list = Vec::new();
        for host in hosts {
            let host = host.as_ref();
            // RFC 3986 allows `*` in a name, but a list with `*` is meant as a pattern, which is not
            // supported.
            let is_name = matches!(split_authority(host), Some((name, None)) if name == host);
            if !(is_name || host.parse::<Ipv6Addr>().is_ok()) || host.contains('*') {
                return Err(InvalidField::Host);
            }
            list.push(host.to_owned());
        }
        Ok(Self(Policy::List(list)))
    }

    /// The policy as text: `any`, or the list separated by commas; `None` for the default.
    #[must_use]
    pub fn described(&self) -> Option<String> {
        match &self.0 {
            Policy::Any => Some("any".into()),
            Policy::List(list) => Some(list.join(",")),
            Policy::Local => None,
        }
    }

    /// Checks the host of a request, if it comes straight from a web page.
    pub(super) fn check<'a, F>(
        &self,
        fields: F,
        host: Option<&str>,
        at: &Listening,
        known_as: &[String],
    ) -> Result<(), HandshakeError>
    where
        F: Iterator<Item = (&'a str, &'a [u8])> + Clone,
    {
        let mut origins = values(fields, origin::FIELD);
        match host.and_then(split_authority) {
            Some((name, port))
                if origins.next().is_some()
                    && at.has_port(port.unwrap_or_else(|| at.default_port()))
                    && !self.has(name, at, known_as) =>
            {
                Err(HandshakeError::HostRefused(excerpt(name.as_bytes())))
            }
            _ => Ok(()),
        }
    }

    fn has(&self, name: &str, at: &Listening, known_as: &[String]) -> bool {
        let is_listed = |list: &[String]| list.iter().any(|listed| is_same(listed, name));
        match &self.0 {
            Policy::Any => true,
            Policy::List(list) => is_listed(list),
            Policy::Local if !at.is_local() => true,
            Policy::Local => address(name).is_some() || is_localhost(name) || is_listed(known_as),
        }
    }
}

/// Where a server listens.
#[derive(Clone, Debug)]
pub(super) struct Listening {
    pub(super) addresses: Vec<SocketAddr>,
    /// Whether the server does TLS itself.
    pub(super) tls: bool,
}

impl Listening {
    const fn default_port(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }

    fn has_port(&self, port: u16) -> bool {
        self.addresses.iter().any(|address| address.port() == port)
    }

    /// Whether nobody but this machine reaches it.
    fn is_local(&self) -> bool {
        let is_loopback = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
        self.addresses.iter().all(is_loopback)
    }
}

fn is_same(one: &str, other: &str) -> bool {
    match (address(one), address(other)) {
        (None, None) => relative(one).eq_ignore_ascii_case(relative(other)),
        (one, other) => one == other,
    }
}

fn is_localhost(name: &str) -> bool {
    let last = relative(name).rsplit('.').next();
    last.is_some_and(|label| label.eq_ignore_ascii_case("localhost"))
}

/// The name without the dot at its end, which only says that it is absolute (RFC 1034 §3.1).
fn relative(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// A literal IP address. One of IPv6 may have brackets.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

#[cfg(test)]
mod tests;
