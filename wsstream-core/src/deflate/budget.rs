//! The limit on the memory that peers can make us hold by compressing, for all connections that share
//! it.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use super::decompressor::Decompressor;
use super::raw::COMPRESSOR_LEN;

/// How many octets compression may take in all connections that share this budget. It bounds the memory
/// that clients can make a server hold by sending compressed messages.
///
/// When a server agrees to inflate a client's messages, it reserves the memory for that. It releases
/// the memory when the [`Agreed`](crate::handshake::Agreed) and the connection are dropped. If the
/// budget is short, the server asks the client for a smaller window, if the client supports that.
/// Otherwise it declines, and messages go plain.
///
/// Compressing our own messages is optional, so a context for it is kept between messages only while
/// less than half of the budget is used, and until nothing was compressed for a second.
///
/// Each [`ServerConfig`](crate::handshake::ServerConfig) has a budget of 64 MiB of its own, shared with
/// its clones, unless you give it another.
///
/// ```
/// # use wsstream_core::CompressionBudget;
/// # use wsstream_core::handshake::ServerConfig;
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
    /// A budget of this many octets. With 0, no client's messages are inflated.
    #[must_use]
    pub fn new(octets: usize) -> Self {
        let used = AtomicUsize::new(0);
        Self(Arc::new(Shared { octets, used }))
    }

    /// The size of the budget, in octets.
    #[must_use]
    pub fn octets(&self) -> usize {
        self.0.octets
    }

    /// How many octets are reserved now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// Reserves the memory to inflate messages of the largest window that fits, of at most `bits`, and
    /// returns this window. With `exactly`, no smaller window will do.
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

    /// Reserves the memory for a compressor, if the budget has plenty left.
    pub(crate) fn reserve_compressor(&self) -> Option<Reserved> {
        self.reserve(COMPRESSOR_LEN, self.octets() / 2)
    }

    /// Reserves `octets`, if at most `limit` octets are then used.
    fn reserve(&self, octets: usize, limit: usize) -> Option<Reserved> {
        let add = |used: usize| used.checked_add(octets).filter(|used| *used <= limit);
        // Relaxed is enough: no other memory depends on the count.
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

/// A reserved part of a budget. Dropping it releases the memory.
pub(crate) struct Reserved {
    budget: CompressionBudget,
    octets: usize,
}

impl Reserved {
    /// The budget that this is a part of.
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

/// The smallest window that a server asks for by itself: zlib has none of 8 bits.
const MIN_AGREED_BITS: u8 = 9;
