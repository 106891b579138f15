//! Proxies: selects one, and opens a tunnel through it.

mod environment;
mod error;
mod exceptions;
mod exchange;
mod http;
mod socks;

use std::fmt;
use std::io;
use std::str::FromStr;

use wsstream_core::pump::{Clock, Socket};
use wsstream_core::{InvalidUrl, Url};

pub(crate) use self::error::at_proxy;
pub use self::error::{InvalidProxy, ProxyError, ProxyErrorKind};
pub(crate) use self::socks::may_connect_later;

use self::environment::Found;
use self::error::Failed;
use self::socks::User;
use crate::host_port::{HostPort, host_and_zone, without_zone};
use crate::tls::ClientTls;

/// A proxy that tunnels connections: an HTTP proxy with CONNECT (RFC 9110 §9.3.6), over TLS or not, or a SOCKS proxy of
/// version 5 (RFC 1928, RFC 1929) or 4. `Debug` and `Display` show no user and no password.
///
/// ```
/// # use wsstream_net::proxy::Proxy;
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
    /// For TLS with the proxy; `None` for the authorities of the platform.
    tls: Option<ClientTls>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    Https,
    Socks(User),
}

impl Proxy {
    /// Reads the URL of a proxy. You can omit `http://`.
    ///
    /// | URL | proxy | default port |
    /// |---|---|---|
    /// | `http://[USER:PASSWORD@]HOST[:PORT]` | HTTP, which sees the password and the name of the target | 80 |
    /// | `https://[USER:PASSWORD@]HOST[:PORT]` | the same over TLS, which [`tls`](Self::tls) configures | 443 |
    /// | `socks5://[USER:PASSWORD@]HOST[:PORT]` | SOCKS5 | 1080 |
    /// | `socks4://[USER@]HOST[:PORT]` | SOCKS4, or SOCKS4a for a name; it reaches no IPv6 address | 1080 |
    ///
    /// The proxy always looks names up, so `socks5h` and `socks` mean the same as `socks5`, and `socks4a` the same as
    /// `socks4`.
    ///
    /// # Errors
    ///
    /// If the text is not such a URL.
    pub fn parse(text: &str) -> Result<Self, InvalidProxy> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match &*scheme {
            "http" => 80,
            "https" => 443,
            "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => SOCKS_PORT,
            scheme if is_scheme(scheme) => return Err(InvalidProxy::Scheme(scheme.to_owned())),
            // The text before the colon seems to be a user.
            _ => return Err(InvalidProxy::Url(InvalidUrl::Syntax(0))),
        };
        // The authority has the same syntax as in a WebSocket URL.
        let read = |scheme| Url::parse(&format!("{scheme}://{rest}")).map_err(InvalidProxy::Url);
        let url = read("ws")?;
        let kind = match &*scheme {
            "http" => Kind::Http,
            "https" => Kind::Https,
            "socks4" | "socks4a" => Kind::Socks(User::socks4(&url)?),
            _ => Kind::Socks(User::socks5(&url)?),
        };
        // The URL names no port if `ws` and `wss` give different ones.
        let port = match read("wss")?.port() {
            port if port == url.port() => port,
            _ => default_port,
        };
        Ok(Self {
            kind,
            url,
            port,
            tls: None,
        })
    }

    /// Uses these settings for TLS with an `https` proxy, whose certificate must be valid for its [`host`](Self::host).
    /// By default the authorities of the platform are trusted. For other proxies it changes nothing.
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The proxy for a host according to the environment, as curl and others read it.
    ///
    /// With TLS to the host, it is the value of `https_proxy` or `HTTPS_PROXY`. Without, it is the value of `http_proxy`
    /// only, because a request to a CGI program can set `HTTP_PROXY`. If these are not set, it is the value of
    /// `all_proxy` or `ALL_PROXY`. An empty variable is one that is not set.
    ///
    /// There is no proxy for this machine: `localhost`, names that end with `.localhost`, 127.0.0.0/8, ::1, 0.0.0.0 and
    /// ::. There is none for what `no_proxy` or `NO_PROXY` lists either, separated by commas or blanks:
    ///
    /// | entry | hosts |
    /// |---|---|
    /// | `example.org`, `.example.org`, `*.example.org` | this name, and all names below it |
    /// | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | this address |
    /// | `10.0.0.0/8`, `2001:db8::/32` | the addresses of this network |
    /// | `*` | all |
    ///
    /// Upper and lower case, and a dot at the end of a name, make no difference. `:PORT` behind an entry limits it to
    /// this port; an IPv6 address then needs its brackets. Names are not looked up, so that no entry with an address
    /// matches a name.
    ///
    /// With the feature `tracing`, the log has a warning, once, of entries that match no host, and of an `HTTP_PROXY`
    /// that is ignored. Its target is `wsstream::proxy`, so that a program that logs nothing else can show it.
    ///
    /// # Errors
    ///
    /// [`InvalidProxy::Variable`] if the value is not a proxy's URL.
    pub fn from_env(tls: bool, host: &str, port: u16) -> Result<Option<Self>, InvalidProxy> {
        let variable = |name: &str| {
            let value = std::env::var_os(name)?;
            // What is not UTF-8 has a character then that no URL has.
            Some(value.to_string_lossy().into_owned())
        };
        let found = Found::by(tls, host, port, variable)?;
        found.warn();
        Ok(found.proxy)
    }

    /// The host of the proxy: a name, or an address without brackets and zone.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host()
    }

    /// The port of the proxy.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is used with the proxy: its URL is `https`.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        matches!(self.kind, Kind::Https)
    }

    /// The settings for TLS with the proxy, if they were given.
    pub(crate) const fn tls_settings(&self) -> Option<&ClientTls> {
        self.tls.as_ref()
    }

    /// The host to dial, with its zone if it is an address with one.
    pub(crate) fn dialled(&self) -> String {
        host_and_zone(&self.url)
    }

    /// `HOST:PORT`.
    pub(crate) fn authority(&self) -> String {
        HostPort(&self.dialled(), self.port).to_string()
    }

    /// Makes the proxy at the other end of `socket` connect to a host and a port. The host is a name,
    /// or an address without brackets. A zone stays here, because it names a network of this machine (RFC
    /// 6874 §4). The socket then leads to this host, and this function has read no octet behind the proxy's
    /// response.
    ///
    /// A [`ClientEndpoint`](crate::ClientEndpoint) calls this for you; call it for your own sockets. For an `https`
    /// proxy, the socket is one over which you have done TLS already.
    ///
    /// It has no time limit, but for the body of a refusal: 200 ms by `clock`. Do not use the socket any more if it
    /// fails, or if you drop the future before it is ready.
    ///
    /// # Errors
    ///
    /// Those of the socket, with the host and port of the proxy. A [`ProxyError`] inside an `io::Error`: the host cannot
    /// be named in a request (reported before anything is written), or the proxy opened no tunnel.
    ///
    /// ```
    /// # use wsstream_core::test_kit::{Clock, Pipe, run_all};
    /// # use wsstream_net::proxy::Proxy;
    /// let proxy = Proxy::parse("http://proxy.example:3128")?;
    /// // In place of a connection to `proxy.host()` and `proxy.port()`, a pipe.
    /// let (mut socket, other_end) = Pipe::pair(true);
    /// let mut clock = Clock::default().sleeper();
    /// other_end.output.get().feed(b"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n");
    /// run_all(vec![Box::pin(async {
    ///     proxy.tunnel(&mut socket, &mut clock, "example.org", 22).await.unwrap();
    /// })]);
    /// assert!(other_end.input.get().take().starts_with(b"CONNECT example.org:22 HTTP/1.1\r\n"));
    /// assert_eq!(socket.input.get().take(), b"SSH-2.0-x\r\n");
    /// # Ok::<_, wsstream_net::proxy::InvalidProxy>(())
    /// ```
    pub async fn tunnel(
        &self,
        socket: &mut impl Socket,
        clock: &mut impl Clock,
        host: &str,
        port: u16,
    ) -> io::Result<()> {
        let host = without_zone(host);
        let opened = match &self.kind {
            _ if !is_host(host) => Err(ProxyErrorKind::Host.into()),
            Kind::Http | Kind::Https => {
                http::tunnel(socket, clock, self.url.authorization(), host, port).await
            }
            Kind::Socks(user) => socks::tunnel(socket, user, host, port).await,
        };
        opened.map_err(|failed| match failed {
            Failed::Socket(error) => at_proxy(&self.authority(), error),
            Failed::Proxy(kind) => ProxyError::new(self.authority(), kind).into(),
        })
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
            Kind::Https => "https",
            Kind::Socks(User::Socks4(_)) => "socks4",
            Kind::Socks(User::Socks5(_)) => "socks5",
        };
        // RFC 6874 §2.
        let host = self.dialled().replacen('%', "%25", 1);
        write!(f, "{scheme}://{}", HostPort(&host, self.port))
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

/// RFC 1928 §3.
const SOCKS_PORT: u16 = 1080;

#[cfg(test)]
mod tests;
