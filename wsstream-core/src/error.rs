//! How a stream may end: RFC 6455 §7.1.5 to §7.1.7.

use core::fmt;
use core::time::Duration;

use crate::close::Close;
use crate::protocol_error::ProtocolError;

/// Why a stream did not end normally, that is, with the peer's Close 1000 or a Close without a code.
///
/// `io::Error::from` (feature `std`) keeps this type inside: get it back with `StreamError::of`.
///
/// ```
/// # use wsstream_core::{CloseCode, StreamError};
/// use std::io;
///
/// /// Does the peer ask us to come back later?
/// fn is_restarting(error: &io::Error) -> bool {
///     match StreamError::of(error) {
///         Some(StreamError::Closed(close)) => close.code() == Some(CloseCode::GOING_AWAY),
///         _ => false,
///     }
/// }
/// # let close = wsstream_core::Close::new(CloseCode::GOING_AWAY, "");
/// # assert!(is_restarting(&StreamError::Closed(close).into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamError {
    /// The peer closed with a code other than 1000, and the code does not just echo ours:
    /// `ConnectionAborted`.
    Closed(Close),
    /// The peer broke the protocol; a Close that says so was queued: `InvalidData`.
    Protocol(ProtocolError),
    /// The listener that accepted the connection was shut down before the connection had finished. The
    /// received data may be cut short: `TimedOut`.
    ShutDown,
    /// A timeout ran out before the peer had finished. The received data may be cut short: `TimedOut`.
    TimedOut(Timeout),
    /// The transport ended or was reset without a Close. The received data may be cut short: `UnexpectedEof`. If
    /// the transport told an error, that is the source of the `io::Error`: `ConnectionReset`, for example.
    Truncated,
    /// The peer closed with 1000, or without a code, in the middle of a message: `UnexpectedEof`.
    Unfinished,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(close) => write!(f, "closed by the peer: {close}"),
            Self::Protocol(error) => write!(f, "protocol violated by the peer: {error}"),
            Self::ShutDown => f.write_str("this server was shut down before the peer had finished"),
            Self::TimedOut(timeout) => timeout.fmt(f),
            Self::Truncated => f.write_str("connection ended without a Close"),
            Self::Unfinished => f.write_str("closed by the peer inside a message"),
        }
    }
}

/// It has no source: the text tells everything.
impl core::error::Error for StreamError {}

#[cfg(feature = "std")]
impl StreamError {
    /// The `StreamError` inside an error of a stream, if there is one.
    #[must_use]
    pub fn of(error: &std::io::Error) -> Option<&Self> {
        let inner = error.get_ref()?;
        match inner.is::<Cut>() {
            true => Some(&Self::Truncated),
            false => inner.downcast_ref(),
        }
    }
}

/// [`StreamError::Truncated`] with what the transport said.
#[cfg(feature = "std")]
#[derive(Debug)]
struct Cut(std::io::Error);

#[cfg(feature = "std")]
impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        StreamError::Truncated.fmt(f)
    }
}

#[cfg(feature = "std")]
impl core::error::Error for Cut {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match StreamError::of(&self.0) {
            // A WebSocket below says the same.
            Some(StreamError::Truncated) => self.0.source(),
            _ => Some(&self.0),
        }
    }
}

/// What is told of a transport that failed before a Close. A reset counts as an end: [`StreamError::Truncated`], whose source
/// is what the transport said, if that is more than an end. Other errors are passed on.
#[cfg(feature = "std")]
pub(crate) fn truncated(transport: std::io::Error) -> std::io::Error {
    use std::io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof,
    };
    match transport.kind() {
        UnexpectedEof if transport.get_ref().is_none() => StreamError::Truncated.into(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof => {
            std::io::Error::new(UnexpectedEof, Cut(transport))
        }
        _ => transport,
    }
}

#[cfg(feature = "std")]
impl From<StreamError> for std::io::Error {
    fn from(error: StreamError) -> Self {
        let kind = match error {
            StreamError::Closed(_) => std::io::ErrorKind::ConnectionAborted,
            StreamError::Protocol(_) => std::io::ErrorKind::InvalidData,
            StreamError::ShutDown | StreamError::TimedOut(_) => std::io::ErrorKind::TimedOut,
            StreamError::Truncated | StreamError::Unfinished => std::io::ErrorKind::UnexpectedEof,
        };
        Self::new(kind, error)
    }
}

/// Which timeout ran out, and how long it was.
///
/// ```
/// # use wsstream_core::{StreamError, Timeout};
/// fn tell(error: &StreamError) {
///     if let StreamError::TimedOut(Timeout::Keepalive(silence)) = error {
///         println!("the peer was silent for {silence:?}, its host may be gone");
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timeout {
    /// No Close came from the peer after ours, or the transport did not end.
    Close(Duration),
    /// No payload went either way: [`idle_timeout`](crate::ConnectionConfig::idle_timeout). A Close with
    /// code 1001 tells the peer.
    Idle(Duration),
    /// No octet came from the peer after a keepalive ping.
    Keepalive(Duration),
    /// The connection has lasted as long as it may:
    /// [`max_lifetime`](crate::ConnectionConfig::max_lifetime). A Close with code 1001 tells the peer.
    Life(Duration),
    /// The peer took none of the octets that remained for it.
    Progress(Duration),
}

impl fmt::Display for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close(time) => write!(f, "no Close from the peer for {time:?}"),
            Self::Idle(time) => write!(f, "no data either way for {time:?}"),
            Self::Life(time) => write!(f, "open for {time:?}, which is the limit"),
            Self::Keepalive(time) => write!(f, "nothing heard from the peer for {time:?}"),
            Self::Progress(time) => write!(f, "nothing taken by the peer for {time:?}"),
        }
    }
}

/// Nothing more can be sent: a Close has been sent, or the connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed for sending")
    }
}

impl core::error::Error for Closed {}

#[cfg(feature = "std")]
impl From<Closed> for std::io::Error {
    fn from(error: Closed) -> Self {
        Self::new(std::io::ErrorKind::BrokenPipe, error)
    }
}

/// Why a ping was not sent.
///
/// ```
/// # use wsstream_core::{Connection, ConnectionConfig, PingError};
/// let mut connection = Connection::without_extensions(ConnectionConfig::new(), None);
/// assert_eq!(connection.ping(&[0; 126]), Err(PingError::TooLong(126)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PingError {
    /// Nothing more can be sent: `BrokenPipe`.
    Closed,
    /// The payload has this many octets; a ping has at most 125: `InvalidInput`.
    TooLong(usize),
}

impl fmt::Display for PingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => Closed.fmt(f),
            Self::TooLong(len) => write!(f, "a ping of {len} octets, expected at most 125"),
        }
    }
}

impl core::error::Error for PingError {}

#[cfg(feature = "std")]
impl From<PingError> for std::io::Error {
    fn from(error: PingError) -> Self {
        match error {
            PingError::Closed => Closed.into(),
            PingError::TooLong(_) => Self::new(std::io::ErrorKind::InvalidInput, error),
        }
    }
}
