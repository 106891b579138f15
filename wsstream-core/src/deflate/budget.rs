//! How much memory peers may make us hold by compressing, over all connections that share a budget.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::decompressor::Decompressor;
use super::raw::COMPRESSOR_LEN;

/// How many octets compression may take in all connections that share it: what a stranger can make a server
/// hold by sending compressed messages.
///
/// A server reserves what it may have to hold to inflate a client's messages when it agrees to inflate
/// them, and gives it back when what was [`Agreed`](crate::handshake::Agreed), and the connection, are
/// dropped. Where that does not fit, the server asks the client for a smaller window, if the client knows
/// how to keep to one, and else declines: messages then go plain. Compressing our own messages is owed to
/// nobody, so a context is kept for it from one message to the next only while less than half of the
/// budget is used, and until nothing was compressed for a second.
///
/// Each [`ServerConfig`](crate::handshake::ServerConfig) has one of its own, of 64 MiB, which its clones share, until it
/// is given another.
///
/// ```
/// use wsstream_core::CompressionBudget;
/// use wsstream_core::handshake::ServerConfig;
///
/// // Two listeners, 16 MiB between them.
/// let budget = CompressionBudget::new(16 << 20);
/// let streams = ServerConfig::stream().compression_budget(&budget);
/// let messages = ServerConfig::messages().compression_budget(&budget);
/// assert_eq!(budget.used(), 0);
/// # let _ = (streams, messages);
/// ```
#[derive(Clone, Debug)]
pub struct CompressionBudget(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    octets: usize,
    used: AtomicUsize,
}

impl CompressionBudget {
    /// So many octets. With 0, no client's messages are inflated.
    #[must_use]
    pub fn new(octets: usize) -> Self {
        let used = AtomicUsize::new(0);
        Self(Arc::new(Shared { octets, used }))
    }

    /// How many octets it was made of.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.0.octets
    }

    /// How many of them are reserved now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Reserves what it takes to inflate messages of the largest window of at most `bits` that fits, and
    /// tells which that is. `exactly` tells that it can be no other.
    pub(crate) fn reserve_inflater(&self, bits: u8, exactly: bool) -> Option<(u8, Reserved)> {
        let smallest = if exactly {
            bits
        } else {
            bits.min(MIN_AGREED_BITS)
        };
        (smallest..=bits).rev().find_map(|bits| {
            let reserved = self.reserve(Decompressor::len(bits), self.octets())?;
            Some((bits, reserved))
        })
    }

    /// Reserves what a compressor takes, if there is plenty.
    pub(crate) fn reserve_compressor(&self) -> Option<Reserved> {
        self.reserve(COMPRESSOR_LEN, self.octets() / 2)
    }

    /// Reserves so many octets, if no more than `limit` are used then.
    fn reserve(&self, octets: usize, limit: usize) -> Option<Reserved> {
        let add = |used: usize| used.checked_add(octets).filter(|used| *used <= limit);
        // Nothing but the count itself is read or written by it.
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        self.0.used.fetch_update(set, fetch, add).ok()?;
        let budget = self.clone();
        Some(Reserved { budget, octets })
    }
}

/// 64 MiB.
impl Default for CompressionBudget {
    fn default() -> Self {
        Self::new(64 << 20)
    }
}

/// A part of a budget, until it is dropped.
pub(crate) struct Reserved {
    budget: CompressionBudget,
    octets: usize,
}

impl Reserved {
    /// What it is a part of.
    pub(crate) const fn budget(&self) -> &CompressionBudget {
        &self.budget
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.0.used.fetch_sub(self.octets, Ordering::Relaxed);
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} octets", self.octets)
    }
}

/// The smallest window that a server asks for of its own accord: zlib has none of 8 bits.
const MIN_AGREED_BITS: u8 = 9;
