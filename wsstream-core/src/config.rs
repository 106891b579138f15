//! How a connection behaves once it is open.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroUsize;
use core::ops::Deref;
use core::time::Duration;

use crate::deflate::Deflate;

/// Settings of a [`Connection`](crate::Connection). The defaults suit byte streams.
///
/// ```
/// use core::time::Duration;
/// # use wsstream_core::{ConnectionConfig, Keepalive};
///
/// let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(60))?;
/// let config = ConnectionConfig::new().auto_fragment(4096).keepalive(keepalive);
/// # let _ = config;
/// # Ok::<(), wsstream_core::InvalidKeepalive>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectionConfig {
    pub(crate) auto_fragment: Option<NonZeroUsize>,
    pub(crate) close_on_drop: bool,
    /// How long to wait for the peer's Close; 10 s by default.
    pub close_timeout: Duration,
    pub(crate) compression: bool,
    pub(crate) debug: bool,
    pub(crate) deflate: Deflate,
    pub(crate) half_close: bool,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) keepalive: Pings,
    pub(crate) max_lifetime: Option<Duration>,
    pub(crate) max_message: usize,
    pub(crate) message_timeout: Duration,
    pub(crate) progress_timeout: Duration,
}

/// The application's choice of keepalive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pings {
    Unsaid,
    Off,
    On(Keepalive),
}

impl ConnectionConfig {
    /// The defaults: no limit on frames; compression and half close if the peer agrees to them;
    /// keepalive on connections that an adapter made; a close timeout of 10 seconds and a progress
    /// timeout of 60 seconds; no limit on an idle connection, nor on how long one lasts; messages of up to
    /// 1 MiB within 60 seconds; no frame-level logs.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            auto_fragment: None,
            close_on_drop: false,
            close_timeout: Duration::from_secs(10),
            compression: true,
            debug: false,
            deflate: Deflate::new(),
            half_close: true,
            idle_timeout: None,
            keepalive: Pings::Unsaid,
            max_lifetime: None,
            max_message: 1 << 20,
            message_timeout: Duration::from_secs(60),
            progress_timeout: Duration::from_secs(60),
        }
    }

    /// Limits the payload of each data frame to `octets` (§5.4), as sent: after Base64 and compression.
    /// With 0, the default, only the outbox's 64 KiB limits frames.
    #[must_use]
    pub const fn auto_fragment(mut self, octets: usize) -> Self {
        self.auto_fragment = NonZeroUsize::new(octets);
        self
    }

    /// Whether dropping a stream sends a normal Close, 1000; off by default.
    ///
    /// By default, dropping sends 1001, or 1011 when the thread panics. The peer then gets an error,
    /// because the data it received may be cut short. Switch this on for protocols that mark the end of
    /// data by the end of the connection.
    #[must_use]
    pub const fn close_on_drop(mut self, close_on_drop: bool) -> Self {
        self.close_on_drop = close_on_drop;
        self
    }

    /// How long to wait for the peer's Close, and for the end of the transport, after our Close
    /// (§7.1.1); 10 seconds by default.
    ///
    /// The time starts once the peer has taken everything that was sent to it. Until then
    /// [`progress_timeout`](Self::progress_timeout) applies. Data that arrives while closing is
    /// discarded and does not extend the time. If you keep reading after our Close, the wait goes on as
    /// long as data arrives; with half close agreed on, it has no limit.
    #[must_use]
    pub const fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Whether messages are compressed (permessage-deflate, RFC 7692) if the peer agrees; on by
    /// default.
    ///
    /// The length of compressed data leaks information about its content. Switch compression off if you
    /// send secrets beside data that an attacker chooses, and the attacker can see lengths (as in CRIME
    /// and BREACH). Data that is encrypted within the stream is safe.
    /// [`Connection::compress`](crate::Connection::compress) switches compression for part of a stream.
    #[must_use]
    pub const fn compression(mut self, compression: bool) -> Self {
        self.compression = compression;
        self
    }

    /// How to compress, and what to ask of the peer. Also switches [`compression`](Self::compression)
    /// on.
    #[must_use]
    pub const fn deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = deflate;
        self.compression = true;
        self
    }

    /// Logs every frame through `tracing` at level `DEBUG`. Needs the feature `tracing`.
    #[must_use]
    pub const fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// Whether byte streams agree to half close with peers that support it; on by default. See
    /// [`HALF_CLOSE`](crate::handshake::HALF_CLOSE).
    ///
    /// With half close, the peer's Close ends only its direction, like TCP's FIN. Our answer waits
    /// until our writer shuts down, and the stream counts as open until then. Without it, as with every
    /// other implementation, our answer follows at once behind the queued frames (§5.5.1), and nothing
    /// more can be written.
    #[must_use]
    pub const fn half_close(mut self, half_close: bool) -> Self {
        self.half_close = half_close;
        self
    }

    /// How long a connection may last without a payload octet in either direction; `None`, the default,
    /// for no limit.
    ///
    /// Pings, pongs and headers are no payload. Octets from the peer count when the application takes
    /// them. Octets of ours count when they are queued, and for as long as the peer takes some of them.
    ///
    /// When the time is over, the peer gets what is queued, and a Close with code 1001. Writing then
    /// fails, and reading fails once the peer has answered, with
    /// [`Timeout::Idle`](crate::Timeout::Idle). The peer has
    /// [`close_timeout`](Self::close_timeout) for its answer, whatever it sends, and
    /// [`progress_timeout`](Self::progress_timeout) while it has octets of ours to take. A connection of
    /// which one direction is closed counts as open, if half close was agreed. If it was our Close that
    /// ended that direction, none can follow: the connection then ends at once.
    ///
    /// The time runs while the connection is polled, even if nobody reads or writes.
    #[must_use]
    pub const fn idle_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Pings a silent peer, and gives it up if it stays silent. By default, connections that an adapter
    /// dialled or accepted use [`Keepalive::default`], and others send no pings.
    #[must_use]
    pub const fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Pings::On(keepalive);
        self
    }

    /// Sends no pings.
    #[must_use]
    pub const fn without_keepalive(mut self) -> Self {
        self.keepalive = Pings::Off;
        self
    }

    /// How long a connection may last in all; `None`, the default, for no limit.
    ///
    /// The time starts when the connection is first polled, right after its opening handshake. When it
    /// is over, the connection ends as after [`idle_timeout`](Self::idle_timeout), with
    /// [`Timeout::Life`](crate::Timeout::Life).
    #[must_use]
    pub const fn max_lifetime(mut self, lifetime: Option<Duration>) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// The longest message to receive whole, in octets after inflating; 1 MiB by default. A longer
    /// message fails the connection with 1009. Byte streams have no such limit, because they never hold
    /// a message.
    #[must_use]
    pub const fn max_message(mut self, octets: usize) -> Self {
        self.max_message = octets;
        self
    }

    /// How long a message that is received whole may take, from its first octet to its last; 60 seconds
    /// by default. A slower message fails the connection with 1008, because its octets stay in memory
    /// meanwhile (§10.4). Byte streams have no such limit: their messages may go on for ever.
    ///
    /// The time starts with the first call of [`poll_time`](crate::Connection::poll_time) after the
    /// message has begun. It stands still while octets are known to wait for an application that does
    /// not take them.
    #[must_use]
    pub const fn message_timeout(mut self, timeout: Duration) -> Self {
        self.message_timeout = timeout;
        self
    }

    /// How long a closing connection waits for the peer to take any of the remaining octets; 60 seconds
    /// by default. The time restarts whenever the peer takes some. When nothing remains,
    /// [`close_timeout`](Self::close_timeout) starts.
    ///
    /// A slow reader takes octets in steps: Linux reopens a full window in steps of up to 384 KiB,
    /// which is 24 seconds for a peer that reads 16 KiB/s.
    #[must_use]
    pub const fn progress_timeout(mut self, timeout: Duration) -> Self {
        self.progress_timeout = timeout;
        self
    }

    /// Whether an open connection has a limit of time.
    #[inline]
    pub(crate) const fn limits_time(&self) -> bool {
        self.idle_timeout.is_some() || self.max_lifetime.is_some()
    }

    /// The most payload a data frame may carry.
    #[inline]
    pub(crate) fn max_frame(&self) -> usize {
        self.auto_fragment.map_or(usize::MAX, NonZeroUsize::get)
    }
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// A [`ConnectionConfig`] that many connections share. The default one allocates nothing.
///
/// ```
/// # use wsstream_core::handshake::ClientConfig;
/// assert_eq!(ClientConfig::stream().config.close_timeout.as_secs(), 10);
/// ```
#[derive(Clone, Debug, Default)]
pub struct SharedConfig(Option<Arc<ConnectionConfig>>);

impl Deref for SharedConfig {
    type Target = ConnectionConfig;

    #[inline]
    fn deref(&self) -> &ConnectionConfig {
        static DEFAULT: ConnectionConfig = ConnectionConfig::new();
        self.0.as_deref().unwrap_or(&DEFAULT)
    }
}

impl<C: Into<Arc<ConnectionConfig>>> From<C> for SharedConfig {
    fn from(config: C) -> Self {
        Self(Some(config.into()))
    }
}

/// When to ping a silent peer, and when to give it up: §5.5.2.
///
/// A ping is sent in each interval in which nothing was received, even while we only write. A peer is
/// given up if, after a ping, it takes none of our octets and sends none for the timeout. A peer that
/// takes everything, including the ping, but does not answer gets more time: its application may not
/// have read for a while. So does a peer whose transport cannot tell how much it has taken.
///
/// ```
/// # use wsstream_core::{ConnectionConfig, Keepalive};
/// use std::time::Duration;
///
/// // Behind a proxy that cuts off what is silent for 20 seconds.
/// let keepalive = Keepalive::new(Duration::from_secs(15), Duration::from_secs(60))?;
/// let config = ConnectionConfig::new().keepalive(keepalive);
/// # Ok::<_, wsstream_core::InvalidKeepalive>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) unanswered: Duration,
}

impl Keepalive {
    /// Sends a ping after `interval` of silence. Gives the peer up if it then takes nothing and sends
    /// nothing for `timeout`, or if it takes the ping but does not answer for five minutes.
    ///
    /// A `timeout` below 60 seconds cuts off slow readers: see [`ConnectionConfig::progress_timeout`].
    ///
    /// # Errors
    ///
    /// If either is zero.
    pub const fn new(interval: Duration, timeout: Duration) -> Result<Self, InvalidKeepalive> {
        if interval.is_zero() || timeout.is_zero() {
            return Err(InvalidKeepalive);
        }
        Ok(Self {
            interval,
            timeout,
            ..Self::DEFAULT
        })
    }

    /// How long to wait for the answer to a ping that the peer has taken, or may have taken.
    ///
    /// # Errors
    ///
    /// If it is zero.
    pub const fn unanswered(mut self, timeout: Duration) -> Result<Self, InvalidKeepalive> {
        if timeout.is_zero() {
            return Err(InvalidKeepalive);
        }
        self.unanswered = timeout;
        Ok(self)
    }

    /// How long the peer is silent before a ping is sent.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// How long after a ping the peer may take nothing and send nothing.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) const DEFAULT: Self = Self {
        interval: Duration::from_secs(30),
        timeout: Duration::from_secs(60),
        unanswered: Duration::from_secs(300),
    };
}

/// Sends a ping after 30 seconds; gives the peer up after 60 seconds, or after five minutes if it has
/// taken the ping.
impl Default for Keepalive {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The interval or timeout is zero: it would ping without end, or give up a healthy peer.
///
/// ```
/// # use wsstream_core::{InvalidKeepalive, Keepalive};
/// use std::time::Duration;
///
/// fn from_seconds(interval: u64) -> Result<Keepalive, InvalidKeepalive> {
///     Keepalive::new(Duration::from_secs(interval), Duration::from_secs(60))
/// }
/// assert!(from_seconds(0).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidKeepalive;

impl fmt::Display for InvalidKeepalive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("keepalive interval or timeout is 0, expected more than 0")
    }
}

impl core::error::Error for InvalidKeepalive {}

#[cfg(feature = "std")]
impl From<InvalidKeepalive> for std::io::Error {
    fn from(error: InvalidKeepalive) -> Self {
        Self::new(std::io::ErrorKind::InvalidInput, error)
    }
}
