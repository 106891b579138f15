//! What an end wants, and what both have agreed on: RFC 7692 §7.1.

use core::fmt;

/// What an end wants of permessage-deflate: how it compresses, and what it asks of its peer.
///
/// ```
/// use wsstream_core::{ConnectionConfig, Deflate};
///
/// // Less memory: no state is kept between messages, in neither direction.
/// let deflate = Deflate::new().context_takeover(false).peer_context_takeover(false);
/// let config = ConnectionConfig::new().deflate(deflate);
/// # let _ = config;
/// ```
///
/// # What a peer can cost
///
/// A peer may compress as it likes: in blocks without content, in final blocks of two octets, in messages of one
/// character. None of it costs many times what honest data costs, because what is received is inflated by code of
/// our own, whichever codec compresses. It keeps the fixed codes as constants, takes a final block like any other, refuses
/// more than four blocks without content in a row (1007; `Z_PARTIAL_FLUSH` and `Z_SYNC_FLUSH` make no more), and
/// counts what it does, so that a poll of the `pump` gives its thread back after about 256 KiB inflated. Both codecs
/// give one verdict: a message that is cut short inside a block is refused with either.
///
/// CPU time in ms per MiB of wire, and how many times that is what honest JSON costs per octet of wire or of
/// payload, in the core with miniz_oxide; before, its inflater was used. `cargo bench --bench hostile` prints all
/// kinds, also through both adapters, and fails above 20.
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
    /// The level that [`new`](Self::new) sets, chosen for interactive streams: on JSON lines in writes of
    /// 64 KiB miniz_oxide makes 6.7 times less of 313 MB in a CPU second at level 1, 7.2 times less of 117
    /// MB at level 3, and 7.8 times less of 43 MB at level 6.
    pub const DEFAULT_LEVEL: u8 = 1;

    /// [`DEFAULT_LEVEL`](Self::DEFAULT_LEVEL), context takeover both ways, windows of 15 bits.
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

    /// How hard to compress, from 1, fast, to 9, small. What is beyond counts as the nearest.
    #[must_use]
    pub const fn level(mut self, level: u8) -> Self {
        self.level = clamp(level, 1, 9);
        self
    }

    /// Whether what we send may refer to our earlier messages, §7.1.1. Without, the state of about 300
    /// KiB is used during a message only; small messages hardly shrink then, and those below 512 octets go
    /// plain. With, it is kept until nothing was sent for a second, or the [`CompressionBudget`](super::CompressionBudget) is needed for
    /// what clients send.
    #[must_use]
    pub const fn context_takeover(mut self, keep: bool) -> Self {
        self.context_takeover = keep;
        self
    }

    /// Whether the peer may refer to its earlier messages, §7.1.1. If not, a server says so, and a client
    /// fails the handshake with a server that does not agree.
    #[must_use]
    pub const fn peer_context_takeover(mut self, keep: bool) -> Self {
        self.peer_context_takeover = keep;
        self
    }

    /// How far back, at most, what we send refers: 2 to the power of `bits` octets, §7.1.2. From 8 to 15;
    /// what is beyond counts as the nearest.
    #[must_use]
    pub const fn window_bits(mut self, bits: u8) -> Self {
        self.window_bits = clamp(bits, MIN_WINDOW_BITS, MAX_WINDOW_BITS);
        self
    }

    /// How far back the peer is asked to refer, §7.1.2: so much is kept of what it has sent. A peer that cannot
    /// keep to a window may refer to 32 KiB.
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

/// What both ends have agreed on: the parameters of the server's answer, RFC 7692 §7.1.
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

    /// How far back the server's messages refer at most, as a power of two from 8 to 15, §7.1.2.1.
    #[must_use]
    pub const fn server_max_window_bits(&self) -> u8 {
        match self.server_max_window_bits {
            Some(bits) => bits,
            None => MAX_WINDOW_BITS,
        }
    }

    /// The same of the client's, §7.1.2.2.
    #[must_use]
    pub const fn client_max_window_bits(&self) -> u8 {
        match self.client_max_window_bits {
            Some(bits) => bits,
            None => MAX_WINDOW_BITS,
        }
    }
}

/// As in `Sec-WebSocket-Extensions`.
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

/// The name of the extension, and of its parameters, §7.1.
pub(crate) const NAME: &str = "permessage-deflate";
pub(crate) const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
pub(crate) const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
pub(crate) const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub(crate) const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

pub(crate) const MIN_WINDOW_BITS: u8 = 8;
pub(crate) const MAX_WINDOW_BITS: u8 = 15;
