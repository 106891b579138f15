//! Proxies: selects one, and opens a tunnel through it.

mod http;
mod socks;

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::str::FromStr;
use std::task::ready;

use wsstream_core::pump::Socket;
use wsstream_core::{InvalidUrl, Url};

use self::http::ProxyConnect;
use self::socks::User;
use crate::host_port::HostPort;

/// A proxy that tunnels connections: an HTTP proxy with CONNECT (RFC 9110 §9.3.6), or a SOCKS5 proxy (RFC 1928,
/// RFC 1929). `Debug` and `Display` show no password.
///
/// ```
/// use wsstream_net::proxy::Proxy;
///
/// let proxy = Proxy::parse("http://user:password@proxy.example:3128")?;
/// assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
/// assert_eq!(Proxy::parse("socks5://proxy.example")?.to_string(), "socks5://proxy.example:1080");
/// # Ok::<_, wsstream_net::proxy::InvalidProxy>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    /// The proxy's host, and the user and password of an HTTP proxy.
    url: Url,
    port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Socks5(Option<User>),
}

impl Proxy {
    /// Reads `http://[USER:PASSWORD@]HOST[:PORT]` or `socks5://[USER:PASSWORD@]HOST[:PORT]`. You can
    /// omit `http://`. `socks5h` means the same as `socks5`: the proxy looks names up. The default port
    /// is 80 or 1080.
    ///
    /// # Errors
    ///
    /// If the text is not such a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let is_socks = match &*scheme.to_ascii_lowercase() {
            "http" => false,
            "socks5" | "socks5h" => true,
            scheme if is_scheme(scheme) => {
                return Err(InvalidProxy::Url(InvalidUrl::Scheme(scheme.to_owned())));
            }
            // The text before the colon seems to be a user.
            _ => return Err(InvalidProxy::Url(InvalidUrl::Syntax(0))),
        };
        // The authority has the same syntax as in a WebSocket URL.
        let read = |scheme| Url::parse(&format!("{scheme}://{rest}")).map_err(InvalidProxy::Url);
        let url = read("ws")?;
        let kind = match is_socks {
            false => Kind::Http,
            true => Kind::Socks5(User::of(&url)?),
        };
        // The URL names no port if `ws` and `wss` give different ones.
        let port = match read("wss")?.port() {
            443 if is_socks && url.port() == 80 => SOCKS_PORT,
            _ => url.port(),
        };
        Ok(Self { kind, url, port })
    }

    /// The proxy for a host according to the environment.
    ///
    /// With TLS, it is the value of `https_proxy` or `HTTPS_PROXY`. Without TLS, it is the value of
    /// `http_proxy` only, because a request to a CGI program can set `HTTP_PROXY`. If these are not
    /// set, it is the value of `all_proxy` or `ALL_PROXY`. There is no proxy if `no_proxy` or
    /// `NO_PROXY` contains the host, a domain of it, or `*`.
    ///
    /// # Errors
    ///
    /// If the value is not a proxy's URL.
    pub fn from_env(tls: bool, host: &str, port: u16) -> Result<Option<Self>, InvalidProxy> {
        Self::from_variables(tls, host, port, |name| std::env::var(name).ok())
    }

    fn from_variables(
        tls: bool,
        host: &str,
        port: u16,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, InvalidProxy> {
        let names: &[_] = if tls {
            &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
        } else {
            &["http_proxy", "all_proxy", "ALL_PROXY"]
        };
        let find = |names: &[&str]| {
            let mut values = names.iter().filter_map(|name| variable(name));
            values.find(|value| !value.is_empty())
        };
        let except = find(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
        if except
            .split(',')
            .any(|entry| covers(entry.trim(), host, port))
        {
            return Ok(None);
        }
        find(names).map(|text| Self::parse(&text)).transpose()
    }

    /// The host of the proxy: a name, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// The port of the proxy.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Makes the proxy at the other end of `socket` connect to a host and a port. The host is a name,
    /// or an address without brackets. The socket then leads to this host, and this function has read
    /// no octet behind the proxy's response.
    ///
    /// A [`ClientEndpoint`](crate::ClientEndpoint) calls this for you; call it for your own sockets. It
    /// has no time limit. Do not use the socket any more if it fails, or if you drop the future before
    /// it is ready.
    ///
    /// # Errors
    ///
    /// Errors of the socket, or a [`ProxyError`] inside an `io::Error`: the host cannot be named in a
    /// request (reported before anything is written), or the proxy opened no tunnel.
    ///
    /// ```
    /// use wsstream_core::test_kit::{Pipe, run_all};
    /// use wsstream_net::proxy::Proxy;
    ///
    /// let proxy = Proxy::parse("http://proxy.example:3128")?;
    /// // In place of a connection to `proxy.host()` and `proxy.port()`, a pipe.
    /// let (mut socket, other_end) = Pipe::pair(true);
    /// other_end.output.get().feed(b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n");
    /// run_all(vec![Box::pin(async {
    ///     proxy.tunnel(&mut socket, "example.org", 22).await.unwrap();
    /// })]);
    /// assert!(other_end.input.get().take().starts_with(b"CONNECT example.org:22 HTTP/1.1\r\n"));
    /// assert_eq!(socket.input.get().take(), b"SSH-2.0-x\r\n");
    /// # Ok::<_, wsstream_net::proxy::InvalidProxy>(())
    /// ```
    pub async fn tunnel(&self, socket: &mut impl Socket, host: &str, port: u16) -> io::Result<()> {
        if !is_host(host) {
            return Err(ProxyError::Host.into());
        }
        if let Kind::Socks5(user) = &self.kind {
            return socks::tunnel(socket, user.as_ref(), host, port).await;
        }
        let mut connect = ProxyConnect::new(self.url.authorization(), host, port);
        let mut sent = 0;
        poll_fn(|cx| {
            while sent < connect.request().len() {
                let rest = IoSlice::new(&connect.request()[sent..]);
                match ready!(socket.poll_write(cx, &[rest]))? {
                    0 => return Err(io::ErrorKind::WriteZero.into()).into(),
                    count => sent += count,
                }
            }
            socket.poll_flush(cx)
        })
        .await?;
        let mut octets = [0; ProxyConnect::MOST];
        loop {
            let wanted = connect.wants();
            let count = poll_fn(|cx| socket.poll_read(cx, &mut octets[..wanted])).await?;
            if connect.receive(&octets[..count])? {
                return Ok(());
            }
        }
    }
}

impl FromStr for Proxy {
    type Err = InvalidProxy;

    fn from_str(text: &str) -> Result<Self, InvalidProxy> {
        Self::parse(text)
    }
}

/// Writes the URL without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Http => "http",
            Kind::Socks5(_) => "socks5",
        };
        write!(f, "{scheme}://{}", HostPort(self.host(), self.port))
    }
}

/// Why a text is not a proxy's URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidProxy {
    /// It is not a URL, or its scheme is neither `http` nor `socks5`.
    Url(InvalidUrl),
    /// The user or the password is not 1 to 255 octets of UTF-8 (RFC 1929 §2).
    User,
}

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(InvalidUrl::Scheme(scheme)) => {
                write!(f, "proxy: scheme {scheme:?}, expected http or socks5")
            }
            // Their positions are those in another URL, and what they suggest is one.
            Self::Url(
                InvalidUrl::Character { .. }
                | InvalidUrl::Fragment
                | InvalidUrl::NoHost
                | InvalidUrl::Syntax(_),
            ) => f.write_str("proxy: expected http://HOST:PORT or socks5://HOST:PORT"),
            Self::Url(error) => write!(f, "proxy: {error:#}"),
            Self::User => {
                f.write_str("proxy: SOCKS needs a user and a password of 1 to 255 octets each")
            }
        }
    }
}

impl std::error::Error for InvalidProxy {}

impl From<InvalidProxy> for io::Error {
    fn from(error: InvalidProxy) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// Why a proxy opened no tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// The host cannot be named in a request.
    Host,
    /// The proxy responded with this status: 407 requires a user and a password, 403 forbids the
    /// tunnel.
    Refused(u16),
    /// The response does not follow the protocol of the proxy's URL, is cut off, or is longer than 16
    /// KiB.
    Malformed,
    /// The SOCKS proxy refused, for this reason.
    Socks(String),
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => {
                f.write_str("invalid host, expected 1 to 255 ASCII characters without blanks")
            }
            Self::Refused(407) => {
                f.write_str("the proxy requires a user and a password, status 407")
            }
            Self::Refused(status) => write!(f, "the proxy refuses the tunnel, status {status}"),
            Self::Malformed => f.write_str("the proxy does not speak the protocol of its URL"),
            Self::Socks(reason) => write!(f, "the SOCKS proxy opened no tunnel: {reason}"),
        }
    }
}

impl std::error::Error for ProxyError {}

impl From<ProxyError> for io::Error {
    fn from(error: ProxyError) -> Self {
        use io::ErrorKind::{ConnectionRefused, InvalidData, InvalidInput};
        let kind = match error {
            ProxyError::Host => InvalidInput,
            ProxyError::Refused(_) | ProxyError::Socks(_) => ConnectionRefused,
            ProxyError::Malformed => InvalidData,
        };
        Self::new(kind, error)
    }
}

/// Whether a request can name this host. It must be one word of ASCII, so that it cannot split a head,
/// and at most 255 octets, because RFC 1928 §5 has one octet for its length.
fn is_host(host: &str) -> bool {
    (1..=255).contains(&host.len()) && host.bytes().all(|octet| octet.is_ascii_graphic())
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    let good = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    text.bytes().all(good)
}

/// Whether an entry of `no_proxy` matches this host and port.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    let unbracketed = |text: &str| text.trim_matches(['[', ']']).to_ascii_lowercase();
    let host = unbracketed(host);
    let is = |entry: &str| {
        let entry = unbracketed(entry);
        let domain = entry.trim_start_matches('.');
        let front = host.strip_suffix(domain);
        !domain.is_empty() && front.is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    match entry.rsplit_once(':') {
        Some((name, of)) if of.parse() == Ok(port) && is(name) => true,
        _ => is(entry),
    }
}

/// RFC 1928 §3.
const SOCKS_PORT: u16 = 1080;

#[cfg(test)]
mod tests;
