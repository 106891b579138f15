//! One error for all that connects, listens and accepts: where it happened, and the cause as it is.

mod cause;

use std::fmt;
use std::io;

use wsstream_core::handshake::{HandshakeError, InvalidField, RetryAfter};
use wsstream_core::{Closed, InvalidKeepalive, InvalidUrl, NotText, PingError, StreamError, Url};

pub use self::cause::Cause;
use crate::descriptor::{EndpointError, UnsupportedEndpoint};
use crate::dial::DialError;
use crate::proxy::{InvalidProxy, ProxyError};
use crate::redirect_error::{RedirectError, shown};

/// Why connecting, listening or accepting failed, or why a stream ended.
///
/// The text has the whole story once, on one line, and names the place: the URL without user, password and query,
/// `HOST:PORT`, or the path of a Unix socket. [`cause`](Self::cause) tells the cause as a type, [`kind`](Self::kind) in
/// one word, and [`is_transient`](Self::is_transient) whether it makes sense to try again.
///
/// ```text
/// ws://localhost:9000/chat: connection refused (127.0.0.1)
/// wss://example.org/tunnel: example.org:443: name look-up failed: Name or service not known
/// wss://example.org/tunnel: refused by the server: HTTP 401 Unauthorized, asks for Basic
/// wss://b.example/, redirected from wss://a.example/: refused by the server: HTTP 403 Forbidden
/// ```
///
/// A program can have this one type for all its errors of streams. `?` makes it of an [`io::Error`], such as that of a
/// read or a write, and of each type that a [`Cause`] has; and it becomes an `io::Error` of the same kind, from which
/// [`Cause::of`] tells the cause as well. What `main` prints of it is its text.
///
/// ```
/// # use wsstream_core::handshake::{ClientConfig, HandshakeError};
/// # use wsstream_core::test_kit::{Clock, Pipe};
/// # use wsstream_net::{Cause, ClientEndpoint, Error, Runtime};
/// async fn run<R: Runtime>() -> Result<(), Error> {
///     let config = ClientConfig::stream().header("Cookie", "session=1")?;
///     let endpoint = ClientEndpoint::<R>::url("wss://example.org/tunnel", config)?;
///     let stream = endpoint.connect().await?;
///     // Read and write here, with `?`.
/// #   drop(stream);
///     Ok(())
/// }
///
/// fn advise(error: &Error) {
///     match error.cause() {
///         Cause::Handshake(HandshakeError::Refused(response)) if response.status() == 401 => {
///             eprintln!("{error}: is the password right?");
///         }
///         Cause::Dial(dial) => eprintln!("{error}: is there a server on {}?", dial.host),
///         _ => eprintln!("{error}"),
///     }
/// }
/// ```
///
/// # Kinds
///
/// | kind | of what |
/// |---|---|
/// | `ConnectionRefused`, `ConnectionReset`, `HostUnreachable`, `NetworkUnreachable`, ... | the system's: no connection |
/// | `PermissionDenied` | HTTP 401, 403 and 407 of the server or the proxy; a SOCKS proxy that refuses the user |
/// | `NotFound` | HTTP 404 and 410; a name without addresses; no such file, Unix socket or network interface |
/// | `TimedOut` | HTTP 408 and 504; any limit of time |
/// | `Other` | any other HTTP status, and a redirect that was not followed |
/// | `InvalidData` | what the other end says is no WebSocket, no HTTP, or no TLS to trust |
/// | `InvalidInput` | a URL, descriptor, field or PEM that cannot be used |
/// | `UnexpectedEof` | the connection ended in the middle of a handshake, or a stream without a Close |
/// | `ConnectionAborted` | a stream that the peer closed with a code other than 1000 |
/// | `BrokenPipe` | a write to a stream that has ended |
/// | `Unsupported` | a feature, a system or a runtime that lacks what is needed |
pub struct Error(Box<Inner>);

struct Inner {
    place: Option<Place>,
    error: io::Error,
}

/// Where a client has failed.
#[derive(Clone)]
pub(crate) struct Place {
    /// The URL, `HOST:PORT` or the path.
    pub(crate) at: String,
    /// The first URL that was asked for, if redirects have led away from it.
    pub(crate) redirected_from: Option<String>,
}

impl Error {
    /// An error at a place. One that has a place already keeps it.
    pub(crate) fn at(place: Place, error: io::Error) -> Self {
        let Self(mut inner) = error.into();
        inner.place.get_or_insert(place);
        Self(inner)
    }

    /// The cause, as the type that tells most.
    #[must_use]
    pub fn cause(&self) -> Cause<'_> {
        Cause::of(&self.0.error)
    }

    /// The kind of the `io::Error` that this becomes. See the table above.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.0.error.kind()
    }

    /// Where a client failed: the URL without user, password and query, `HOST:PORT`, or the path of a Unix socket. If
    /// it has followed redirects, this is the last URL that it asked for. `None` on a server, and for streams.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.0.place.as_ref().map(|place| &*place.at)
    }

    /// Whether redirects were followed before it failed.
    #[must_use]
    pub fn is_redirected(&self) -> bool {
        let place = self.0.place.as_ref();
        place.is_some_and(|place| place.redirected_from.is_some())
    }

    /// The HTTP status with which a client was refused, by the server or by a proxy: see [`Cause::status`].
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.cause().status()
    }

    /// When the server says to try again, or the proxy: see [`Cause::retry_after`].
    #[must_use]
    pub fn retry_after(&self) -> Option<RetryAfter<'_>> {
        self.cause().retry_after()
    }

    /// Whether the same may work later, so that it makes sense to try again after a while: see
    /// [`Cause::is_transient`], which has the table.
    ///
    /// Wait longer each time, and no shorter than [`retry_after`](Self::retry_after) says:
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use wsstream_core::handshake::RetryAfter;
    /// # use wsstream_net::{ClientEndpoint, Error, NetSocket, Runtime};
    /// async fn connect<R: Runtime, F: Future<Output = ()>>(
    ///     endpoint: &ClientEndpoint<R>,
    ///     sleep: impl Fn(Duration) -> F,
    /// ) -> Result<R::Stream<NetSocket<R>>, Error> {
    ///     let mut wait = Duration::from_secs(1);
    ///     loop {
    ///         let error = match endpoint.connect().await {
    ///             Ok(stream) => return Ok(stream),
    ///             Err(error) if error.is_transient() => error,
    ///             Err(error) => return Err(error),
    ///         };
    ///         let asked = match error.retry_after() {
    ///             Some(RetryAfter::Seconds(seconds)) => Duration::from_secs(seconds),
    ///             _ => Duration::ZERO,
    ///         };
    ///         eprintln!("{error}, trying again");
    ///         // Add some randomness, if many clients may lose their server at the same moment.
    ///         sleep(wait.max(asked)).await;
    ///         wait = (wait * 2).min(Duration::from_secs(60));
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.cause().is_transient()
    }
}

impl Place {
    pub(crate) fn new(at: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            redirected_from: None,
        }
    }

    pub(crate) fn of_url(url: &Url) -> Self {
        Self::new(shown(url))
    }

    /// Whether it names this `HOST:PORT`.
    fn names(&self, peer: &str) -> bool {
        let authority = self
            .at
            .split_once("://")
            .map_or(&*self.at, |(_, rest)| rest);
        authority.split('/').next() == Some(peer)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { place, error } = &*self.0;
        let Some(place) = place else {
            return error.fmt(f);
        };
        let cause = self.cause();
        let is_url = place.at.contains("://");
        if matches!(cause, Cause::Redirect(_)) || (!is_url && error.to_string().contains(&place.at))
        {
            // The place would be told twice.
            return error.fmt(f);
        }
        f.write_str(&place.at)?;
        if let Some(from) = &place.redirected_from {
            write!(f, ", redirected from {from}")?;
        }
        f.write_str(": ")?;
        match cause {
            // And so would the peer.
            Cause::Dial(dial) if !dial.is_proxy && place.names(&dial.peer()) => {
                write!(f, "{dial:#}")
            }
            Cause::Tls(tls) if place.names(tls.peer()) => write!(f, "{tls:#}"),
            _ => error.fmt(f),
        }
    }
}

/// The text, and what the source adds to it: `main` prints this of its error.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, "; {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// The source is what the text does not have: what the transport said when a stream was
/// [cut](StreamError::Truncated), and what errors of your own sockets have.
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.error)
    }
}

/// Keeps the kind. [`Cause::of`] tells the cause, and `Error::from` gives this back.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error.0.place {
            Some(_) => Self::new(error.kind(), error),
            None => error.0.error,
        }
    }
}

/// Takes out the `Error` inside, if there is one.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        let place = None;
        error
            .downcast()
            .unwrap_or_else(|error| Self(Box::new(Inner { place, error })))
    }
}

/// All become an `io::Error` as well, which says of which kind they are.
macro_rules! from {
    ($($cause:ty,)*) => {
        $(impl From<$cause> for Error {
            fn from(cause: $cause) -> Self {
                io::Error::from(cause).into()
            }
        })*
    };
}

from! {
    Closed,
    DialError,
    EndpointError,
    HandshakeError,
    InvalidField,
    InvalidKeepalive,
    InvalidProxy,
    InvalidUrl,
    NotText,
    PingError,
    ProxyError,
    RedirectError,
    StreamError,
    UnsupportedEndpoint,
}

#[cfg(test)]
mod tests;
