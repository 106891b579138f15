//! How a connection behaves once it is open.

use alloc::sync::Arc;
use core::fmt;
use core::num::NonZeroUsize;
use core::ops::Deref;
use core::time::Duration;

use crate::deflate::Deflate;

/// Settings of a [`Connection`](crate::Connection). The defaults are right for byte streams.
///
/// ```
/// use core::time::Duration;
/// use wsstream_core::{ConnectionConfig, Keepalive};
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
    pub(crate) keepalive: Pings,
    pub(crate) max_message: usize,
    pub(crate) message_timeout: Duration,
    pub(crate) progress_timeout: Duration,
}

/// What was said about keepalive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pings {
    Unsaid,
    Off,
    On(Keepalive),
}

impl ConnectionConfig {
    /// No limit on frames, compression and half close where the peer agrees to them, keepalive where an
    /// adapter made the connection, a close timeout of 10 seconds, a progress timeout of 60 seconds,
    /// messages of up to 1 MiB within 60 seconds, no frame-level logs.
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
            keepalive: Pings::Unsaid,
            max_message: 1 << 20,
            message_timeout: Duration::from_secs(60),
            progress_timeout: Duration::from_secs(60),
        }
    }

    /// Sends no data frame with more than `octets` of payload (§5.4), counted as they go on the wire:
    /// after Base64 and compression. 0, the default, sets no limit but the outbox's 64 KiB.
    #[must_use]
    pub const fn auto_fragment(mut self, octets: usize) -> Self {
        self.auto_fragment = NonZeroUsize::new(octets);
        self
    }

    /// Whether a stream that is dropped says Close 1000, as if all were well; off by default. Then it says
    /// 1001, or 1011 when the thread panics, and the peer sees an error: what it received may be cut short.
    /// For protocols whose end is that the connection ends.
    #[must_use]
    pub const fn close_on_drop(mut self, close_on_drop: bool) -> Self {
        self.close_on_drop = close_on_drop;
        self
    }

    /// How long to wait for the peer's Close, and for the end of the transport, after our Close (§7.1.1);
    /// 10 seconds by default.
    ///
    /// The time begins once the peer has taken all that was sent to it: until then
    /// [`progress_timeout`](Self::progress_timeout) counts. Closing discards what comes meanwhile, and that
    /// buys the peer no time. A reader that goes on after our Close waits as long as data comes; where
    /// half close was agreed on, without limit.
    #[must_use]
    pub const fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Whether messages are compressed if the peer agrees (permessage-deflate, RFC 7692): on by default.
    ///
    /// The length of what is compressed tells something of its content. Where secrets are sent beside data
    /// that an attacker chooses, and the attacker sees lengths, as with CRIME and BREACH, it is to be off;
    /// what is encrypted within the stream is safe. [`Connection::compress`](crate::Connection::compress)
    /// switches it for a part of a stream.
    #[must_use]
    pub const fn compression(mut self, compression: bool) -> Self {
        self.compression = compression;
        self
    }

    /// How to compress, and what to ask of the peer; also switches [`compression`](Self::compression) on.
    #[must_use]
    pub const fn deflate(mut self, deflate: Deflate) -> Self {
        self.deflate = deflate;
        self.compression = true;
        self
    }

    /// Logs every frame, at level `DEBUG` through `tracing`; needs the feature `tracing`.
    #[must_use]
    pub const fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// Whether byte streams agree to half close with peers that know it; on by default. See
    /// [`HALF_CLOSE`](crate::handshake::HALF_CLOSE).
    ///
    /// Agreed, the peer's Close ends its direction only, as TCP's FIN does: our answer waits until our
    /// writer shuts down, and the stream counts as open until then. Not agreed, as with every other
    /// implementation, the answer follows at once behind what is queued (§5.5.1), and nothing more can be
    /// written.
    #[must_use]
    pub const fn half_close(mut self, half_close: bool) -> Self {
        self.half_close = half_close;
        self
    }

    /// Sends pings to a silent peer, and gives it up when it stays silent. By default this is
    /// [`Keepalive::default`] for connections that an adapter dialled or accepted, and off for others.
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

    /// The longest message to receive whole, in octets after inflating: a longer one is refused with 1009.
    /// 1 MiB by default. Byte streams have no such limit, as they never hold a message.
    #[must_use]
    pub const fn max_message(mut self, octets: usize) -> Self {
        self.max_message = octets;
        self
    }

    /// How long a message that is received whole may take from its first octet to its last; 60 seconds by
    /// default. One that takes longer is refused with 1008, as what came of it is held meanwhile (§10.4).
    /// Byte streams have no such limit: there a message may go on for ever.
    ///
    /// The time begins when [`poll_time`](crate::Connection::poll_time) is first told one after the message
    /// has begun. While octets are known to wait for an application that does not take them it stands still.
    #[must_use]
    pub const fn message_timeout(mut self, timeout: Duration) -> Self {
        self.message_timeout = timeout;
        self
    }

    /// How long a connection that is closing waits for the peer to take anything of what is left for it,
    /// counted from when it last did; 60 seconds by default. The time for the peer's answer,
    /// [`close_timeout`](Self::close_timeout), begins only when nothing is left.
    ///
    /// A peer that reads slowly takes octets in steps: Linux opens a window that was full in steps of up to
    /// 384 KiB, which is 24 seconds for a reader of 16 KiB/s.
    #[must_use]
    pub const fn progress_timeout(mut self, timeout: Duration) -> Self {
        self.progress_timeout = timeout;
        self
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

/// Settings that many connections have in common. The default ones take nothing at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedConfig(Option<Arc<ConnectionConfig>>);

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

/// When to ask a silent peer whether it is alive, and when to give it up, §5.5.2.
///
/// A ping is sent in each interval in which nothing was heard, also while we only write. A peer is given up
/// if, after a ping, it takes nothing of ours and says nothing for the timeout. One that takes everything,
/// the ping too, and does not answer is given up later: its application may not have looked for a
/// while. The same goes for transports that cannot tell what the peer has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) unanswered: Duration,
}

impl Keepalive {
    /// Sends a ping after `interval` of silence, and gives the peer up when after that it has taken nothing
    /// and said nothing for `timeout`; five minutes for a ping that was taken and not answered.
    ///
    /// Less than 60 seconds of `timeout` cut off readers that are slow: see
    /// [`ConnectionConfig::progress_timeout`].
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

    /// Gives up a peer that has taken a ping and not answered it, or may have, after this time.
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

    /// After how long a silence a ping is sent.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// How long the peer may take and say nothing after a ping.
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

/// A ping after 30 seconds, 60 seconds until the peer is given up, five minutes if it has taken the ping.
impl Default for Keepalive {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// An interval or timeout of zero, which would ping without end, or give up a healthy peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidKeepalive;

impl fmt::Display for InvalidKeepalive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a keepalive interval or timeout of 0; expected more")
    }
}

impl core::error::Error for InvalidKeepalive {}
