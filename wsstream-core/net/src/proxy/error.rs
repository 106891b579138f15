//! What can go wrong with proxies.

use std::error::Error;
use std::fmt;
use std::io;

use wsstream_core::InvalidUrl;
use wsstream_core::handshake::{HandshakeError, Response};

use crate::context::with_context;

/// Why a text, or the value of an environment variable, is not a proxy's URL.
///
/// ```
/// # use wsstream_net::proxy::{InvalidProxy, Proxy};
/// let error = Proxy::parse("ftp://proxy.example").unwrap_err();
/// assert_eq!(error, InvalidProxy::Scheme("ftp".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidProxy {
    /// No proxy has this scheme, or none that is spoken here; the scheme. Those that are spoken are `http`, `https`,
    /// `socks5`, `socks5h`, `socks`, `socks4` and `socks4a`.
    Scheme(String),
    /// The SOCKS4 user is not 1 to 248 octets of UTF-8, or there is a password, which SOCKS4 has not.
    Socks4User,
    /// It is not a URL.
    Url(InvalidUrl),
    /// The SOCKS5 user or the password is not 1 to 255 octets of UTF-8 (RFC 1929 §2).
    User,
    /// The value of an environment variable is not a proxy's URL.
    Variable {
        /// The name of the variable.
        name: &'static str,
        /// What is wrong with its value.
        reason: Box<Self>,
    },
}

impl fmt::Display for InvalidProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reason = self;
        f.write_str("proxy: ")?;
        while let Self::Variable { name, reason: of } = reason {
            write!(f, "{name} in the environment: ")?;
            reason = of;
        }
        match reason {
            Self::Scheme(scheme) => {
                write!(
                    f,
                    "scheme {scheme:?}, expected http, https, socks5 or socks4"
                )
            }
            // Their positions are those in another URL, and what they suggest is one.
            Self::Url(
                InvalidUrl::Character { .. }
                | InvalidUrl::Fragment
                | InvalidUrl::NoHost
                | InvalidUrl::Syntax(_),
            ) => f.write_str("expected http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"),
            Self::Url(error) => write!(f, "{error:#}"),
            Self::Socks4User => {
                f.write_str("SOCKS4 needs a user of 1 to 248 octets without a password")
            }
            Self::User | Self::Variable { .. } => {
                f.write_str("SOCKS needs a user and a password of 1 to 255 octets each")
            }
        }
    }
}

impl Error for InvalidProxy {}

impl From<InvalidProxy> for io::Error {
    fn from(error: InvalidProxy) -> Self {
        Self::new(io::ErrorKind::InvalidInput, error)
    }
}

/// Why a proxy opened no tunnel: the reason, and which proxy it is.
///
/// As an `io::Error` it has the kind that its [`kind`](Self::kind) names.
///
/// ```
/// # use wsstream_net::proxy::{ProxyError, ProxyErrorKind};
/// fn ask_for_password(error: &ProxyError) -> Option<String> {
///     match error.kind() {
///         ProxyErrorKind::Refused { response, .. } if response.status() == 407 => {
///             Some(format!("user and password for {}", error.proxy()))
///         }
///         ProxyErrorKind::SocksUser { .. } => Some(format!("user and password for {}", error.proxy())),
///         _ => None,
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyError {
    proxy: String,
    kind: ProxyErrorKind,
}

impl ProxyError {
    pub(crate) const fn new(proxy: String, kind: ProxyErrorKind) -> Self {
        Self { proxy, kind }
    }

    /// The host and port of the proxy, as `HOST:PORT`.
    #[must_use]
    pub fn proxy(&self) -> &str {
        &self.proxy
    }

    /// The reason.
    #[must_use]
    pub const fn kind(&self) -> &ProxyErrorKind {
        &self.kind
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "proxy {}: {}", self.proxy, self.kind)
    }
}

impl Error for ProxyError {}

impl From<ProxyError> for io::Error {
    fn from(error: ProxyError) -> Self {
        use io::ErrorKind::{
            ConnectionRefused, InvalidData, InvalidInput, PermissionDenied, UnexpectedEof,
        };
        let kind = match &error.kind {
            ProxyErrorKind::Host | ProxyErrorKind::Ipv6 => InvalidInput,
            ProxyErrorKind::Refused { response, .. } => response.error_kind(),
            ProxyErrorKind::Socks(_) => ConnectionRefused,
            ProxyErrorKind::SocksUser { .. } => PermissionDenied,
            ProxyErrorKind::Ended => UnexpectedEof,
            ProxyErrorKind::NotHttp(_) | ProxyErrorKind::NotSocks => InvalidData,
        };
        Self::new(kind, error)
    }
}

/// The reason of a [`ProxyError`]. Its text continues "proxy HOST:PORT: ".
///
/// ```
/// # use wsstream_net::proxy::ProxyErrorKind;
/// fn forbids_the_target(reason: &ProxyErrorKind) -> bool {
///     matches!(reason, ProxyErrorKind::Refused { response, .. } if response.status() == 403)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyErrorKind {
    /// It ended the connection before its response was complete. `UnexpectedEof`.
    Ended,
    /// The host cannot be named in a request. Nothing was sent. `InvalidInput`.
    Host,
    /// SOCKS4 cannot reach an IPv6 address. Nothing was sent. `InvalidInput`.
    Ipv6,
    /// What it sent is not a response of HTTP. `InvalidData`.
    NotHttp(HandshakeError),
    /// What it sent is not a response of SOCKS, or not of the version of its URL. `InvalidData`.
    NotSocks,
    /// It responded with a status other than 2xx. [`Response::error_kind`]: `PermissionDenied` for 407, which asks for
    /// authentication, 401, and 403, which forbids the host or the port; `TimedOut` for 504; `Other` for most others.
    Refused {
        /// Its response, with the start of the body, as far as that arrived within 200 ms.
        response: Box<Response>,
        /// Whether a user and a password were sent.
        credentials: bool,
    },
    /// The SOCKS proxy refused, for this reason. `ConnectionRefused`.
    Socks(String),
    /// The SOCKS proxy asks for a user or a password, or refuses those it was sent. `PermissionDenied`.
    SocksUser {
        /// Whether a user was sent.
        credentials: bool,
    },
}

impl fmt::Display for ProxyErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("it ended the connection without a complete response"),
            Self::Host => {
                f.write_str("invalid host, expected 1 to 255 ASCII characters without blanks")
            }
            Self::Ipv6 => f.write_str("SOCKS4 reaches no IPv6 addresses, SOCKS5 does"),
            Self::NotHttp(HandshakeError::HeadTooLarge(limit)) => {
                write!(f, "its response has a head of more than {limit} octets")
            }
            Self::NotHttp(HandshakeError::NotHttp {
                speaks: Some("TLS"),
                ..
            }) => f.write_str("it speaks TLS, so its URL has to begin with https://"),
            Self::NotHttp(HandshakeError::NotHttp {
                speaks: Some(speaks),
                ..
            }) => write!(f, "it speaks {speaks}, not HTTP"),
            Self::NotHttp(HandshakeError::NotHttp {
                begins,
                speaks: None,
            }) => write!(
                f,
                "it does not speak HTTP, its response begins with \"{begins}\""
            ),
            Self::NotHttp(error) => write!(f, "it does not speak HTTP: {error}"),
            Self::NotSocks => f.write_str("it does not speak the SOCKS version of its URL"),
            Self::Refused {
                response,
                credentials,
            } => {
                if asks_for_user(response) {
                    authentication(f, &response.authenticate(), *credentials)?;
                    return write!(f, ": {response:#}");
                }
                write!(f, "it refused the tunnel: {response}")
            }
            Self::Socks(reason) => write!(f, "it opened no tunnel: {reason}"),
            Self::SocksUser { credentials: false } => {
                f.write_str("it asks for a user and a password")
            }
            Self::SocksUser { credentials: true } => {
                f.write_str("it refused the user and password")
            }
        }
    }
}

/// RFC 9110 §15.5.8; and 401, with which tinyproxy responds to a wrong password.
fn asks_for_user(response: &Response) -> bool {
    matches!(response.status(), 401 | 407)
}

/// What such a status means, given the schemes that the proxy offers.
fn authentication(f: &mut fmt::Formatter<'_>, offered: &[&str], credentials: bool) -> fmt::Result {
    let is_basic = |scheme: &&str| scheme.eq_ignore_ascii_case("Basic");
    if !offered.is_empty() && !offered.iter().any(is_basic) {
        let offered = offered.join(", ");
        return write!(
            f,
            "it asks for authentication by {offered}, but only Basic is spoken here"
        );
    }
    f.write_str(match credentials {
        true => "it refused the user and password",
        false => "it asks for a user and a password (Basic)",
    })
}

/// How opening a tunnel fails, before the proxy is named.
#[derive(Debug)]
pub(super) enum Failed {
    /// The error of the socket.
    Socket(io::Error),
    /// What the proxy did.
    Proxy(ProxyErrorKind),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Socket(error)
    }
}

impl From<ProxyErrorKind> for Failed {
    fn from(kind: ProxyErrorKind) -> Self {
        Self::Proxy(kind)
    }
}

/// Says that an error is of the way to a proxy, given as `HOST:PORT`.
pub(crate) fn at_proxy(proxy: &str, cause: io::Error) -> io::Error {
    with_context(format_args!("proxy {proxy}"), cause)
}
