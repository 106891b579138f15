//! SOCKS5 (RFC 1928, with the user and password of RFC 1929), SOCKS4 and SOCKS4a.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_socks::Error;
use tokio_socks::io::AsyncSocket;
use tokio_socks::tcp::{Socks4Stream, Socks5Stream};
use wsstream_core::Url;
use wsstream_core::pump::Socket;

use super::error::{Failed, InvalidProxy, ProxyErrorKind};

/// Who asks, in the version of the protocol.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum User {
    /// SOCKS4 has only a name.
    Socks4(Option<String>),
    /// A name and a password.
    Socks5(Option<(String, String)>),
}

impl User {
    /// The user of a URL for SOCKS4.
    pub(super) fn socks4(url: &Url) -> Result<Self, InvalidProxy> {
        let invalid = InvalidProxy::Socks4User;
        Ok(Self::Socks4(match userinfo(url) {
            None => None,
            Some(Some((name, password)))
                if password.is_empty() && (1..=MAX_SOCKS4_USER).contains(&name.len()) =>
            {
                Some(name)
            }
            Some(_) => return Err(invalid),
        }))
    }

    /// The user and password of a URL for SOCKS5.
    pub(super) fn socks5(url: &Url) -> Result<Self, InvalidProxy> {
        // RFC 1929 §2: each has 1 to 255 octets.
        let is_valid = |text: &String| (1..=255).contains(&text.len());
        Ok(Self::Socks5(match userinfo(url) {
            None => None,
            Some(Some((name, password))) if is_valid(&name) && is_valid(&password) => {
                Some((name, password))
            }
            Some(_) => return Err(InvalidProxy::User),
        }))
    }

    const fn is_given(&self) -> bool {
        matches!(self, Self::Socks4(Some(_)) | Self::Socks5(Some(_)))
    }
}

/// The user and the password of a URL, if it has them; `Some(None)` if they are not UTF-8.
fn userinfo(url: &Url) -> Option<Option<(String, String)>> {
    // RFC 7617 §2: Base64 of the user, a colon and the password.
    let encoded = url.authorization()?.strip_prefix("Basic ")?;
    let decoded = STANDARD.decode(encoded).unwrap_or_default();
    Some(String::from_utf8(decoded).ok().map(|decoded| {
        let (name, password) = decoded.split_once(':').unwrap_or_default();
        (name.to_owned(), password.to_owned())
    }))
}

/// Omits the user and the password.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("User(..)")
    }
}

/// Opens a tunnel. It reads no octet behind the proxy's response.
pub(super) async fn tunnel(
    socket: &mut impl Socket,
    user: &User,
    host: &str,
    port: u16,
) -> Result<(), Failed> {
    let (socket, target) = (Through::new(socket), (host, port));
    let tunnel = match user {
        User::Socks4(_) if host.parse::<Ipv6Addr>().is_ok() => {
            return Err(ProxyErrorKind::Ipv6.into());
        }
        User::Socks4(None) => Socks4Stream::connect_with_socket(socket, target)
            .await
            .map(drop),
        User::Socks4(Some(name)) => {
            let tunnel = Socks4Stream::connect_with_userid_and_socket(socket, target, name);
            tunnel.await.map(drop)
        }
        User::Socks5(None) => Socks5Stream::connect_with_socket(socket, target)
            .await
            .map(drop),
        User::Socks5(Some((name, password))) => {
            let tunnel =
                Socks5Stream::connect_with_password_and_socket(socket, target, name, password);
            tunnel.await.map(drop)
        }
    };
    tunnel.map_err(|error| match error {
        Error::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Failed::Socket(error),
        // The one refusal of version 4 for all that it can be.
        Error::GeneralSocksServerFailure if matches!(user, User::Socks4(_)) => {
            let is_name = host.parse::<IpAddr>().is_err();
            let names = if is_name {
                ", perhaps as it takes addresses alone"
            } else {
                ""
            };
            Failed::Proxy(ProxyErrorKind::Socks(format!(
                "request rejected or failed{names}"
            )))
        }
        error => Failed::Proxy(told(&error, user.is_given())),
    })
}

fn told(error: &Error, credentials: bool) -> ProxyErrorKind {
    match error {
        Error::Io(_) => ProxyErrorKind::Ended,
        // The response contains a name that is not UTF-8.
        Error::InvalidTargetAddress(_)
        | Error::InvalidResponseVersion
        | Error::InvalidReservedByte
        | Error::UnknownAddressType
        | Error::UnknownAuthMethod
        | Error::UnknownError => ProxyErrorKind::NotSocks,
        Error::NoAcceptableAuthMethods if credentials => {
            ProxyErrorKind::Socks("it authenticates by other means than a password".into())
        }
        Error::NoAcceptableAuthMethods
        | Error::AuthorizationRequired
        | Error::PasswordAuthFailure(_)
        | Error::IdentdAuthFailure
        | Error::InvalidUserIdAuthFailure => ProxyErrorKind::SocksUser { credentials },
        error => ProxyErrorKind::Socks(error.to_string()),
    }
}

/// Whether a proxy that refused for this reason may connect later: not if it forbids the target, or cannot do what it is
/// asked for (RFC 1928 §6).
pub(crate) fn may_connect_later(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    let lasts = [
        "not allowed",
        "not supported",
        "other means",
        "perhaps as it takes",
    ];
    !lasts.iter().any(|lasting| reason.contains(lasting))
}

/// Adapts a socket for the library, which does not flush.
struct Through<'a, S> {
    socket: &'a mut S,
    holds_back: bool,
}

impl<'a, S> Through<'a, S> {
    const fn new(socket: &'a mut S) -> Self {
        Self {
            socket,
            holds_back: false,
        }
    }
}

impl<S: Socket> AsyncSocket for Through<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // The proxy responds only to octets that have reached it.
        if self.holds_back {
            ready!(self.socket.poll_flush(cx))?;
            self.holds_back = false;
        }
        self.socket.poll_read(cx, buf)
    }

    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.holds_back = true;
        self.socket.poll_write(cx, &[IoSlice::new(buf)])
    }
}

/// The library writes the request into 513 octets, of which a host takes up to 255, and 10 are of the request itself.
const MAX_SOCKS4_USER: usize = 513 - 10 - 255;
