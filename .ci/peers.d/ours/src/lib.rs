//! What both programs share.

use std::{fmt, io};

use sha1_smol::Sha1;
use wsstream_tokio::{ConnectionConfig, Deflate, Info};

/// `SplitMix64` as a stream of octets.
#[derive(Debug)]
pub struct Octets(u64);

impl Octets {
    /// The same seed gives the same octets.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next ones, which nothing can compress.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(len + 7);
        while octets.len() < len {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            octets.extend_from_slice(&(z ^ z >> 31).to_le_bytes());
        }
        octets.truncate(len);
        octets
    }

    /// As many of words, which the next ones choose.
    pub fn text(&mut self, len: usize) -> Vec<u8> {
        let chosen = self.take(len.div_ceil(MIN_WORD));
        let words = chosen
            .iter()
            .map(|&octet| WORDS[usize::from(octet) % WORDS.len()]);
        words.flat_map(str::bytes).take(len).collect()
    }
}

/// The same in every peer.
const WORDS: [&str; 8] = [
    "alpha ", "bravo ", "charlie ", "delta ", "echo\n", "foxtrot ", "golf ", "hotel\n",
];

const MIN_WORD: usize = 5;

/// A hash that grows.
#[derive(Clone, Default)]
pub struct Hash(Sha1);

impl Hash {
    /// Adds octets.
    pub fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    /// The digits.
    #[must_use]
    pub fn hex(self) -> String {
        self.0.digest().to_string()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hash").field(&self.0.digest()).finish()
    }
}

/// How to compress: `on`, `off`, or the bits of both windows, then without context takeover.
///
/// # Errors
///
/// For anything else.
pub fn config(compression: &str) -> io::Result<ConnectionConfig> {
    let config = ConnectionConfig::new();
    Ok(match compression {
        "on" => config,
        "off" => config.compression(false),
        bits => {
            let bits = bits.parse().map_err(io::Error::other)?;
            let deflate = Deflate::new().window_bits(bits).peer_window_bits(bits);
            config.deflate(deflate.context_takeover(false).peer_context_takeover(false))
        }
    })
}

/// What was agreed, and what was made of it, as members of a JSON object.
#[must_use]
pub fn compression(info: &Info) -> String {
    let deflate = info.agreed.deflate().map(ToString::to_string);
    let counters = &info.counters;
    format!(
        "\"extensions\": {:?}, \"deflated\": {}, \"plain\": {}, \"inflated\": {}, \"sent_octets\": {}, \
         \"received_octets\": {}",
        deflate.unwrap_or_default(),
        counters.messages_deflated,
        counters.messages_plain,
        counters.messages_inflated,
        counters.payload_sent,
        counters.payload_received,
    )
}
