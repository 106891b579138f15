//! How a connection behaves once it is open.

use core::num::NonZeroUsize;
use core::time::Duration;

use crate::deflate::Deflate;

/// Settings of a [`Connection`](crate::Connection). The defaults are right for byte streams.
///
/// ```
/// use core::time::Duration;
/// use wsstream_core::{Config, Keepalive};
///
/// let config = Config::new()
///     .auto_fragment(4096)
///     .keepalive(Keepalive::new(Duration::from_secs(30), Duration::from_secs(10)));
/// # let _ = config;
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) auto_fragment: Option<NonZeroUsize>,
    pub(crate) close_timeout: Duration,
    pub(crate) compression: bool,
    pub(crate) debug: bool,
    pub(crate) deflate: Deflate,
    pub(crate) half_close: bool,
    pub(crate) keepalive: Option<Keepalive>,
    pub(crate) max_message: usize,
    pub(crate) message_timeout: Duration,
}

impl Config {
    /// No limit on frames, compression where the peer does it too, half close as [`half_close`](Self::half_close) describes, no keepalive, a
    /// close timeout of 10 seconds, messages of up to 1 MiB within 60 seconds, no frame-level logs.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            auto_fragment: None,
            close_timeout: Duration::from_secs(10),
            compression: true,
            debug: false,
            deflate: Deflate::new(),
            half_close: true,
            keepalive: None,
            max_message: 1 << 20,
            message_timeout: Duration::from_secs(60),
        }
    }

    /// Sends no data frame with more than `octets` of payload (§5.4), counted as they go on the wire:
    /// after Base64 and compression. 0, the default, sets no limit but the outbox's 64 KiB.
    #[must_use]
    pub const fn auto_fragment(mut self, octets: usize) -> Self {
        self.auto_fragment = NonZeroUsize::new(octets);
        self
    }

    /// How long to wait, without any progress, for the peer in the closing handshake (§7.1.1).
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

    /// What [`close_timeout`](Self::close_timeout) was set to.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.close_timeout
    }

    /// Logs every frame, at level `DEBUG` through `tracing`; needs the feature `tracing`.
    #[must_use]
    pub const fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// Whether the peer's Close ends its direction only, as TCP's FIN does: our answer waits until our
    /// writer shuts down, or nothing has been written for the close timeout. §5.5.1 asks for an
    /// answer as soon as practical; this is an extension for byte streams, on by default. Message
    /// connections always answer at once, and so does every Close with a code other than 1000.
    #[must_use]
    pub const fn half_close(mut self, half_close: bool) -> Self {
        self.half_close = half_close;
        self
    }

    /// Sends pings to a silent peer, and gives it up when it stays silent; off by default.
    #[must_use]
    pub const fn keepalive(mut self, keepalive: Keepalive) -> Self {
        self.keepalive = Some(keepalive);
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
    /// has begun; while the application takes nothing it does not pass.
    #[must_use]
    pub const fn message_timeout(mut self, timeout: Duration) -> Self {
        self.message_timeout = timeout;
        self
    }

    /// The most payload a data frame may carry.
    pub(crate) fn max_frame(&self) -> usize {
        self.auto_fragment.map_or(usize::MAX, NonZeroUsize::get)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// When to ask a silent peer whether it is alive, and when to give it up, §5.5.2.
///
/// Any octet that moves in either direction counts as life, so a slow busy link is never given up. Nor
/// is a peer to which the application goes on writing, as long as the transport takes it: that a peer
/// is gone then shows when the transport's own buffers are full, or it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

impl Keepalive {
    /// Sends a ping after `interval` without progress, and times out after `timeout` more.
    #[must_use]
    pub const fn new(interval: Duration, timeout: Duration) -> Self {
        Self { interval, timeout }
    }
}
