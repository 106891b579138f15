//! permessage-deflate: RFC 7692.
//!
//! [`Deflate`] holds one end's wishes, [`PerMessageDeflate`] the agreement of both. Compressed octets
//! go straight into the outbox. Inflated octets wait in a bounded window until they are read, so no
//! message is ever held. miniz_oxide compresses, or zlib-rs with the feature `zlib-rs`. Our own code
//! inflates, so that both give the same verdicts and the cost is known: see `inflater.rs`.

mod budget;
mod codes;
mod compressor;
mod decompressor;
mod flush;
mod inflater;
#[cfg(not(feature = "zlib-rs"))]
mod miniz;
mod parameters;
mod raw;
mod status;
mod symbols;
mod worth;
#[cfg(feature = "zlib-rs")]
mod zlib;

#[cfg(test)]
pub(crate) mod tests;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;

use crate::data_kind::DataKind;
use crate::role::Role;
use crate::time::Timestamp;
pub use budget::CompressionBudget;
pub(crate) use budget::Reserved;
pub(crate) use compressor::{Compressor, Sink};
pub(crate) use decompressor::Decompressor;
pub(crate) use parameters::{
    CLIENT_MAX_WINDOW_BITS, CLIENT_NO_CONTEXT_TAKEOVER, MAX_WINDOW_BITS, MIN_WINDOW_BITS, NAME,
    SERVER_MAX_WINDOW_BITS, SERVER_NO_CONTEXT_TAKEOVER,
};
pub use parameters::{Deflate, PerMessageDeflate};
use worth::Worth;

/// Compression in both directions of one connection.
#[derive(Debug)]
pub(crate) struct Codec {
    pub(crate) sending: Sending,
    pub(crate) receiving: Receiving,
    pub(crate) pool: &'static dyn CodecPool,
    /// The memory reserved for inflating, if there is a budget.
    pub(crate) reserved: Option<Arc<Reserved>>,
    /// Whether it was used since the time was last told, and since when it has not been used.
    pub(crate) used: bool,
    pub(crate) since: Option<Timestamp>,
}

/// A source of codecs for their first use, which takes them back when they hold no needed state.
pub(crate) trait CodecPool: fmt::Debug + Sync {
    fn compressor(&self, level: u8, window_bits: u8) -> Box<Compressor> {
        Box::new(Compressor::new(level, window_bits))
    }

    fn decompressor(&self, window_bits: u8) -> Box<Decompressor> {
        Box::new(Decompressor::new(window_bits))
    }

    fn give_compressor(&self, compressor: Box<Compressor>) {
        drop(compressor);
    }

    fn give_decompressor(&self, decompressor: Box<Decompressor>) {
        drop(decompressor);
    }
}

/// No pool: creates codecs, and drops them.
#[derive(Debug)]
struct NoPool;

impl CodecPool for NoPool {}

/// The state of the sending direction.
#[derive(Debug)]
pub(crate) struct Sending {
    /// Created on first use.
    pub(crate) compressor: Option<Box<Compressor>>,
    /// The memory reserved for the compressor while it is kept, if there is a budget.
    reserved: Option<Reserved>,
    pub(crate) level: u8,
    pub(crate) window_bits: u8,
    pub(crate) keeps_context: bool,
    /// Whether the message that is being sent is compressed.
    pub(crate) in_message: bool,
    pub(crate) worth: Worth,
}

/// The state of the receiving direction.
#[derive(Debug)]
pub(crate) struct Receiving {
    /// Created on first use.
    pub(crate) decompressor: Option<Box<Decompressor>>,
    /// The octets that the next message may refer to, while there is no decompressor.
    pub(crate) window: Box<[u8]>,
    pub(crate) window_bits: u8,
    pub(crate) keeps_context: bool,
    pub(crate) message: Option<Inflating>,
}

/// A compressed message that is being received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inflating {
    pub(crate) kind: DataKind,
    /// Whether all its octets have arrived.
    pub(crate) complete: bool,
    /// Whether it has any payload.
    pub(crate) fed: bool,
    /// Whether it is completely inflated: only waiting octets remain.
    pub(crate) inflated: bool,
}

impl Codec {
    pub(crate) fn new(role: Role, wanted: &Deflate, agreed: &PerMessageDeflate) -> Self {
        let server = (
            agreed.server_no_context_takeover(),
            agreed.server_max_window_bits(),
        );
        let client = (
            agreed.client_no_context_takeover(),
            agreed.client_max_window_bits(),
        );
        let ((no_context, window_bits), (peers_no_context, peers_window_bits)) = match role {
            Role::Server => (server, client),
            Role::Client => (client, server),
        };
        let keeps_context = wanted.context_takeover && !no_context;
        Self {
            sending: Sending {
                compressor: None,
                reserved: None,
                level: wanted.level,
                window_bits: window_bits.min(wanted.window_bits),
                keeps_context,
                in_message: false,
                worth: Worth::new(keeps_context),
            },
            receiving: Receiving {
                decompressor: None,
                window: Box::default(),
                window_bits: peers_window_bits,
                keeps_context: !peers_no_context,
                message: None,
            },
            pool: &NoPool,
            reserved: None,
            used: false,
            since: None,
        }
    }

    /// Releases the compressor. The next message refers to nothing before it.
    pub(crate) fn forget_sent(&mut self) {
        if let Some(mut compressor) = self.sending.compressor.take() {
            compressor.reset();
            self.pool.give_compressor(compressor);
        }
        self.sending.reserved = None;
    }

    /// Keeps the compressor after a piece, for the next to refer to it, if the budget has plenty left.
    pub(crate) fn keep_sent(&mut self) {
        let Some(reserved) = &self.reserved else {
            return;
        };
        if self.sending.reserved.is_none() {
            self.sending.reserved = reserved.budget().reserve_compressor();
        }
        if self.sending.reserved.is_none() {
            self.forget_sent();
        }
    }

    /// Releases the decompressor between messages. Keeps its window if the next message may refer to
    /// it.
    pub(crate) fn rest_received(&mut self) {
        let receiving = &mut self.receiving;
        if receiving.message.is_some() {
            return;
        }
        if let Some(mut inflater) = receiving.decompressor.take() {
            if receiving.keeps_context {
                receiving.window = inflater.window().into();
            }
            inflater.reset();
            self.pool.give_decompressor(inflater);
        }
    }

    /// Whether [`rest`](Self::rest) would release anything.
    #[inline]
    pub(crate) const fn can_rest(&self) -> bool {
        let receiving = &self.receiving;
        self.sending.compressor.is_some()
            || (receiving.decompressor.is_some() && receiving.message.is_none())
    }

    /// Releases all memory that can be spared.
    pub(crate) fn rest(&mut self) {
        self.forget_sent();
        self.rest_received();
    }
}
