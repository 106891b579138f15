//! SOCKS5: RFC 1928, with the user and password of RFC 1929.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_socks::Error;
use tokio_socks::io::AsyncSocket;
use tokio_socks::tcp::Socks5Stream;
use wsstream_core::Url;
use wsstream_core::pump::Socket;

use super::{InvalidProxy, ProxyError};

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct User {
    name: String,
    password: String,
}

impl User {
    /// The user and password of a URL.
    pub(super) fn of(url: &Url) -> Result<Option<Self>, InvalidProxy> {
        let Some(encoded) = url.authorization() else {
            return Ok(None);
        };
        // RFC 7617 §2: Base64 of the user, a colon and the password.
        let encoded = encoded.strip_prefix("Basic ").unwrap_or_default();
        let decoded = STANDARD.decode(encoded).unwrap_or_default();
        let decoded = String::from_utf8(decoded).map_err(|_| InvalidProxy::User)?;
        let (name, password) = decoded.split_once(':').unwrap_or_default();
        // RFC 1929 §2: each has 1 to 255 octets.
        if ![name, password]
            .iter()
            .all(|text| (1..=255).contains(&text.len()))
        {
            return Err(InvalidProxy::User);
        }
        let (name, password) = (name.to_owned(), password.to_owned());
        Ok(Some(Self { name, password }))
    }
}

/// Omits the password.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("User(..)")
    }
}

/// Opens a tunnel. It reads no octet behind the proxy's response.
pub(super) async fn tunnel(
    socket: &mut impl Socket,
    user: Option<&User>,
    host: &str,
    port: u16,
) -> io::Result<()> {
    let (socket, target) = (Through::new(socket), (host, port));
    let tunnel = match user {
        None => Socks5Stream::connect_with_socket(socket, target).await,
        Some(User { name, password }) => {
            Socks5Stream::connect_with_password_and_socket(socket, target, name, password).await
        }
    };
    match tunnel {
        Ok(_) => Ok(()),
        Err(Error::Io(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        Err(error) => Err(told(&error).into()),
    }
}

fn told(error: &Error) -> ProxyError {
    match error {
        // The response is cut off, or contains a name that is not UTF-8.
        Error::Io(_)
        | Error::InvalidTargetAddress(_)
        | Error::InvalidResponseVersion
        | Error::InvalidReservedByte
        | Error::UnknownAddressType
        | Error::UnknownAuthMethod => ProxyError::Malformed,
        error => ProxyError::Socks(error.to_string()),
    }
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
