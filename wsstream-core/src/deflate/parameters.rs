//! The wishes of one end, and the agreement of both: RFC 7692 §7.1.

use core::fmt;

/// An end's settings for permessage-deflate: how it compresses, and what it asks of its peer.
///
/// ```
/// # use wsstream_core::{ConnectionConfig, Deflate};
/// // Less memory: no state is kept between messages, in neither direction.
/// let deflate = Deflate::new().context_takeover(false).peer_context_takeover(false);
/// let config = ConnectionConfig::new().deflate(deflate);
/// # let _ = config;
/// ```
///
/// # What a peer can cost
///
/// A peer may compress in expensive ways: blocks without content, final blocks of two octets, messages
/// of one character. None of them costs many times as much as honest data. Our own code inflates,
/// whichever codec compresses. It keeps the fixed codes as constants and treats a final block like any
/// other. It refuses more than four blocks without content in a row (1007); `Z_PARTIAL_FLUSH` and
/// `Z_SYNC_FLUSH` send no more. It counts its work, so that a poll of the `pump` returns after
/// inflating about 256 KiB. Verdicts do not depend on the codec: a message that is cut short inside a
/// block is refused with either.
///
/// The table shows CPU time in ms per MiB of wire octets, and its ratio to the cost of honest JSON per
/// octet of wire or payload, in the core with miniz_oxide. "Before" used miniz_oxide's inflater. `cargo
/// bench --bench hostile` prints all kinds, also through the adapters, and fails above 20.
///
/// | a peer sends | before | times | after | times |
/// |---|---|---|---|---|
/// | JSON in messages of 4 KiB | 11.5 | 1.0 | 7.7 | 1.0 |
/// | zeros, a thousand to one | 29.6 | 0.1 | 26.0 | 0.1 |
/// | fixed blocks without content | 1772.5 | 156.9 | refused | |
/// | four of them, and one of an octet, again and again | 1527.5 | 135.2 | 6.3 | 0.8 |
/// | fixed blocks of one octet | 988.0 | 87.5 | 4.2 | 0.5 |
/// | final blocks without content | 1117.3 | 98.9 | refused | |
/// | final blocks of one octet | 742.4 | 65.7 | 3.3 | 0.4 |
/// | dynamic blocks without content | 134.1 | 11.9 | refused | |
/// | dynamic blocks of one octet | 129.8 | 11.5 | 35.6 | 4.6 |
/// | messages of one character | 258.0 | 22.8 | 5.2 | 0.7 |
/// | the same, without context takeover | 421.9 | 37.3 | 30.1 | 3.9 |
/// | empty messages, without context takeover | 232.6 | 20.6 | 36.9 | 4.8 |
/// | pings without payload | 6.2 | 0.6 | 7.0 | 0.9 |
/// | plain messages of one octet | 3.7 | 0.3 | 4.3 | 0.6 |
/// | 130 octets to be sent back without context takeover | 123.1 | 4.2 | 0.6 | 0.0 |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflate {
    pub(crate) level: u8,
    pub(crate) context_takeover: bool,
    pub(crate) peer_context_takeover: bool,
    pub(crate) window_bits: u8,
    pub(crate) peer_window_bits: u8,
}

impl Deflate {
    /// The level that [`new`](Self::new) sets, chosen for interactive streams. In one CPU second, with
    /// JSON lines in writes of 64 KiB, miniz_oxide compresses 313 MB 6.7 times at level 1, 117 MB 7.2
    /// times at level 3, and 43 MB 7.8 times at level 6.
    pub const DEFAULT_LEVEL: u8 = 1;

    /// [`DEFAULT_LEVEL`](Self::DEFAULT_LEVEL), context takeover in both directions, windows of 15 bits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            level: Self::DEFAULT_LEVEL,
            context_takeover: true,
            peer_context_takeover: true,
            window_bits: MAX_WINDOW_BITS,
            peer_window_bits: MAX_WINDOW_BITS,
        }
    }

    /// How hard to compress, from 1 (fast) to 9 (small). Other values become the nearest of these.
    #[must_use]
    pub const fn level(mut self, level: u8) -> Self {
        self.level = clamp(level, 1, 9);
        self
    }

    /// Whether our messages may refer to our earlier ones (context takeover), §7.1.1.
    ///
    /// With it, about 300 KiB of state are kept until nothing was sent for a second, or until clients'
    /// messages need the [`CompressionBudget`](super::CompressionBudget). Without it, the state is used
    /// only during a message; small messages then hardly shrink, and those below 512 octets go plain.
    #[must_use]
    pub const fn context_takeover(mut self, keep: bool) -> Self {
        self.context_takeover = keep;
        self
    }

    /// Whether the peer's messages may refer to its earlier ones (context takeover), §7.1.1. If not, a
    /// server includes this in its answer, and a client fails the handshake if the server does not
    /// agree.
    #[must_use]
    pub const fn peer_context_takeover(mut self, keep: bool) -> Self {
        self.peer_context_takeover = keep;
        self
    }

    /// The window of our messages: they refer back at most 2 to the power of `bits` octets, §7.1.2.
    /// From 8 to 15; other values become the nearest of these.
    #[must_use]
    pub const fn window_bits(mut self, bits: u8) -> Self {
        self.window_bits = clamp(bits, MIN_WINDOW_BITS, MAX_WINDOW_BITS);
        self
    }

    /// The window that we ask of the peer, §7.1.2, and so how much of its data is kept. A peer that
    /// cannot limit its window may refer back 32 KiB.
    #[must_use]
    pub const fn peer_window_bits(mut self, bits: u8) -> Self {
        self.peer_window_bits = clamp(bits, MIN_WINDOW_BITS, MAX_WINDOW_BITS);
        self
    }
}

impl Default for Deflate {
    fn default() -> Self {
        Self::new()
    }
}

const fn clamp(value: u8, min: u8, max: u8) -> u8 {
    if value < min {
        min
    } else if value > max {
        max
    } else {
        value
    }
}

/// The agreement of both ends: the parameters of the server's answer, RFC 7692 §7.1.
///
/// ```
/// # use wsstream_core::PerMessageDeflate;
/// fn tell(agreed: Option<&PerMessageDeflate>) -> String {
///     match agreed {
///         Some(deflate) => format!("the client may refer back {} octets", 1_u32 << deflate.client_max_window_bits()),
///         None => "not compressed".to_owned(),
///     }
/// }
/// # assert_eq!(tell(Some(&PerMessageDeflate::default())), "the client may refer back 32768 octets");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerMessageDeflate {
    pub(crate) server_no_context_takeover: bool,
    pub(crate) client_no_context_takeover: bool,
    pub(crate) server_max_window_bits: Option<u8>,
    pub(crate) client_max_window_bits: Option<u8>,
}

impl PerMessageDeflate {
    /// Whether the server's messages do not refer to earlier ones, §7.1.1.1.
    #[must_use]
    pub const fn server_no_context_takeover(&self) -> bool {
        self.server_no_context_takeover
    }

    /// Whether the client's messages do not refer to earlier ones, §7.1.1.2.
    #[must_use]
    pub const fn client_no_context_takeover(&self) -> bool {
        self.client_no_context_takeover
    }

    /// The window of the server's messages, as a power of two from 8 to 15, §7.1.2.1.
    #[must_use]
    pub const fn server_max_window_bits(&self) -> u8 {
        match self.server_max_window_bits {
            Some(bits) => bits,
            None => MAX_WINDOW_BITS,
        }
    }

    /// The window of the client's messages, as a power of two from 8 to 15, §7.1.2.2.
    #[must_use]
    pub const fn client_max_window_bits(&self) -> u8 {
        match self.client_max_window_bits {
            Some(bits) => bits,
            None => MAX_WINDOW_BITS,
        }
    }
}

/// Writes the agreement as in `Sec-WebSocket-Extensions`.
impl fmt::Display for PerMessageDeflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            write!(f, "; {SERVER_NO_CONTEXT_TAKEOVER}")?;
        }
        if self.client_no_context_takeover {
            write!(f, "; {CLIENT_NO_CONTEXT_TAKEOVER}")?;
        }
        if let Some(bits) = self.server_max_window_bits {
            write!(f, "; {SERVER_MAX_WINDOW_BITS}={bits}")?;
        }
        if let Some(bits) = self.client_max_window_bits {
            write!(f, "; {CLIENT_MAX_WINDOW_BITS}={bits}")?;
        }
        Ok(())
    }
}

/// The names of the extension and of its parameters, §7.1.
pub(crate) const NAME: &str = "permessage-deflate";
pub(crate) const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
pub(crate) const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
pub(crate) const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub(crate) const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

pub(crate) const MIN_WINDOW_BITS: u8 = 8;
pub(crate) const MAX_WINDOW_BITS: u8 = 15;
