//! The causes of errors, each as the type that tells most.

use std::io;

use wsstream_core::handshake::{HandshakeError, InvalidField, Response, RetryAfter};
use wsstream_core::{CloseCode, Closed, InvalidKeepalive, InvalidUrl, PingError, StreamError};

use super::Error;
use crate::context::{Context, TimedOut, is_transient};
use crate::descriptor::{EndpointError, UnsupportedEndpoint};
use crate::dial::DialError;
use crate::proxy::{InvalidProxy, ProxyError, ProxyErrorKind};
use crate::redirect_error::RedirectError;
use crate::tls::TlsError;

/// The cause of an [`Error`], or of the `io::Error` of a stream.
///
/// ```
/// # use wsstream_core::{Close, CloseCode, StreamError};
/// # use wsstream_net::Cause;
/// // A read of a stream gives an `io::Error`.
/// fn tell(error: &std::io::Error) {
///     match Cause::of(error) {
///         Cause::Stream(StreamError::Closed(close)) => println!("closed with {:?}", close.code()),
///         Cause::Stream(StreamError::Truncated) => println!("the reply is cut short"),
///         cause => println!("{error}, try again: {}", cause.is_transient()),
///     }
/// }
/// # tell(&StreamError::Closed(Close::new(CloseCode::INTERNAL, "")).into());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cause<'a> {
    /// The host, or the proxy, could not be connected to: what became of each address.
    Dial(&'a DialError),
    /// The text is not an endpoint descriptor.
    Endpoint(&'a EndpointError),
    /// A header field, a subprotocol or an origin cannot be sent.
    Field(&'a InvalidField),
    /// The opening handshake failed. [`Refused`](HandshakeError::Refused) has the server's response.
    Handshake(&'a HandshakeError),
    /// All else: what the system, the runtime, a file or a socket of yours has told.
    Io(&'a io::Error),
    /// The times of a keepalive contradict each other.
    Keepalive(&'a InvalidKeepalive),
    /// The proxy opened no tunnel.
    Proxy(&'a ProxyError),
    /// The text, or an environment variable, is not the URL of a proxy.
    ProxyUrl(&'a InvalidProxy),
    /// A redirect was not followed.
    Redirect(&'a RedirectError),
    /// An open stream ended otherwise than it should.
    Stream(&'a StreamError),
    /// A step took too long that no other cause tells of: loading certificates, TLS, the way to a Unix socket or
    /// through a proxy. The error's text says which.
    TimedOut,
    /// TLS with the server, with the proxy, or with the client failed.
    Tls(&'a TlsError),
    /// The endpoint cannot be used here.
    Unsupported(&'a UnsupportedEndpoint),
    /// The text is not a WebSocket URL.
    Url(&'a InvalidUrl),
}

impl<'a> Cause<'a> {
    /// The cause of an error that may have come from this crate: an [`Error`] as an `io::Error`, or one of a stream.
    /// [`Io`](Self::Io) for all others.
    #[must_use]
    pub fn of(error: &'a io::Error) -> Self {
        let Some(inner) = error.get_ref() else {
            return Self::Io(error);
        };
        if let Some(stream) = StreamError::of(error) {
            return Self::Stream(stream);
        }
        if let Some(error) = inner.downcast_ref::<Error>() {
            return error.cause();
        }
        if let Some(context) = inner.downcast_ref::<Context>() {
            return Self::of(&context.cause);
        }
        if inner.is::<TimedOut>() {
            return Self::TimedOut;
        }
        macro_rules! first {
            ($($variant:ident)*) => {
                $(if let Some(cause) = inner.downcast_ref() {
                    return Self::$variant(cause);
                })*
            };
        }
        first! {
            Dial Endpoint Field Handshake Keepalive Proxy ProxyUrl Redirect Tls Unsupported Url
        }
        Self::Io(error)
    }

    /// The response that refused a client, of the server or of a proxy.
    #[must_use]
    pub fn response(self) -> Option<&'a Response> {
        match self {
            Self::Handshake(HandshakeError::Refused(response)) => Some(response),
            Self::Redirect(redirect) => Some(&redirect.response),
            Self::Proxy(proxy) => match proxy.kind() {
                ProxyErrorKind::Refused { response, .. } => Some(response),
                _ => None,
            },
            _ => None,
        }
    }

    /// The HTTP status with which a client was refused, by the server or by a proxy. `None` for all other errors.
    #[must_use]
    pub fn status(self) -> Option<u16> {
        self.response().map(Response::status)
    }

    /// When the server says to try again, or the proxy (`Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(self) -> Option<RetryAfter<'a>> {
        self.response()?.retry_after()
    }

    /// Whether the same may work later.
    ///
    /// | cause | transient | not transient |
    /// |---|---|---|
    /// | the way to the server | refused, reset, unreachable, timed out | no such network interface, source address or permission |
    /// | name look-up | failed for now, timed out | nobody knows the name, it has no address |
    /// | HTTP status of the server or the proxy | 408, 425, 429, 500, 502, 503, 504 | all others: 400, 401, 403, 404, 406, 407, 426, redirects, ... |
    /// | opening handshake | the connection ended, was reset, timed out | what came is no WebSocket, or not what was asked for |
    /// | SOCKS | the proxy could not connect | forbidden, no such command or kind of address, wrong user |
    /// | TLS | the connection ended, was reset, timed out | the certificate, or what is spoken |
    /// | Close of the peer | 1001, 1011, 1012, 1013, 1014 | all others: 1002, 1008, ... |
    /// | stream | cut, unfinished, timed out | protocol violated, this server was shut down, written after its end |
    /// | what you gave | | URL, descriptor, field, certificates, an endpoint that is not supported |
    ///
    /// HTTP statuses are those of `curl --retry`, and 425 (RFC 8470 §5.2).
    #[must_use]
    pub fn is_transient(self) -> bool {
        match self {
            Self::Dial(dial) => dial.is_transient(),
            Self::Handshake(HandshakeError::Refused(response)) => asks_to_wait(response),
            Self::Handshake(error) => {
                matches!(
                    error,
                    HandshakeError::TimedOut | HandshakeError::UnexpectedEof
                )
            }
            Self::Io(error) => {
                let inner = error.get_ref();
                let is_over = inner.is_some_and(|it| it.is::<Closed>() || it.is::<PingError>());
                !is_over && is_transient(error.kind())
            }
            Self::Proxy(proxy) => match proxy.kind() {
                ProxyErrorKind::Ended => true,
                ProxyErrorKind::Refused { response, .. } => asks_to_wait(response),
                ProxyErrorKind::Socks(reason) => crate::proxy::may_connect_later(reason),
                _ => false,
            },
            Self::Stream(error) => match error {
                StreamError::Closed(close) => close.code().is_some_and(is_of_a_moment),
                StreamError::TimedOut(_) | StreamError::Truncated | StreamError::Unfinished => true,
                _ => false,
            },
            Self::TimedOut => true,
            Self::Tls(error) => error.is_transient(),
            Self::Endpoint(_)
            | Self::Field(_)
            | Self::Keepalive(_)
            | Self::ProxyUrl(_)
            | Self::Redirect(_)
            | Self::Unsupported(_)
            | Self::Url(_) => false,
        }
    }
}

/// RFC 9110 §15, RFC 6585 §4, RFC 8470 §5.2.
const fn asks_to_wait(response: &Response) -> bool {
    matches!(response.status(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
}

/// RFC 6455 §7.4.1, and what IANA has registered since: a service restart, try again later, a bad gateway.
fn is_of_a_moment(code: CloseCode) -> bool {
    matches!(code.get(), 1001 | 1011..=1014)
}
