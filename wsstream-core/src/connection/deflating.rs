//! Compressed messages to the peer: RFC 7692 §7.2.1.
//!
//! A message is compressed into the spare room of the outbox. It is sent compressed only if that made
//! it shorter; then it is cut into frames in place.

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::Connection;
use crate::data_kind::DataKind;
#[cfg(feature = "std")]
use crate::deflate::CodecPool;
use crate::deflate::{Codec, PerMessageDeflate, Reserved, Sink};
use crate::frame::{Header, Opcode};

impl Connection {
    /// Enables permessage-deflate as both ends agreed. Call this before anything is sent or received.
    #[must_use]
    pub(crate) fn with_deflate(mut self, agreed: &PerMessageDeflate) -> Self {
        let codec = Codec::new(self.role(), &self.config.deflate, agreed);
        self.deflate = Some(Box::new(codec));
        self
    }

    /// Takes codecs from this pool, and returns them when they hold no needed state.
    #[cfg(feature = "std")]
    pub(crate) fn set_codec_pool(&mut self, pool: &'static dyn CodecPool) {
        if let Some(codec) = &mut self.deflate {
            codec.pool = pool;
        }
    }

    /// Makes compression respect the budget that `reserved` is a part of.
    pub(crate) fn set_reserved(&mut self, reserved: Arc<Reserved>) {
        if let Some(codec) = &mut self.deflate {
            codec.reserved = Some(reserved);
        }
    }

    #[cfg(test)]
    pub(crate) fn codec(&self) -> Option<&Codec> {
        self.deflate.as_deref()
    }

    /// Switches compression of sent data off, or on again if the peer agreed to it. Send secrets plain,
    /// so that their length reveals nothing about their content.
    pub fn compress(&mut self, compress: bool) {
        if let Some(codec) = &mut self.deflate {
            codec.sending.worth.switch(compress);
        }
    }

    /// How many of `len` octets to compress as one message; 0 to send them plain.
    #[inline]
    pub(crate) fn deflates(&self, len: usize) -> usize {
        match &self.deflate {
            Some(codec) if self.sending.is_none() => codec.sending.worth.of(len),
            _ => 0,
        }
    }

    /// Whether the message that is being sent is compressed.
    pub(super) fn is_deflating(&self) -> bool {
        self.sending.is_some()
            && self
                .deflate
                .as_ref()
                .is_some_and(|codec| codec.sending.in_message)
    }

    /// [`send`](Self::send), if permessage-deflate was agreed on.
    pub(super) fn send_where_agreed(&mut self, kind: DataKind, payload: &[u8], end: bool) -> usize {
        let stored = self.is_deflating();
        let mut room = self.room();
        if stored {
            room = room.saturating_sub(STORED_OVERHEAD).min(MAX_STORED);
        }
        let len = payload.len().min(room);
        if len == 0 && !(payload.is_empty() && end && self.has_room()) {
            return 0;
        }
        let (payload, end) = (&payload[..len], end && len == payload.len());
        let deflates = len > 0 && (stored || self.deflates(len) > 0);
        if deflates && self.send_deflated(kind, len, end, |write| write(payload)) {
            return len;
        }
        if stored {
            self.send_stored(kind, payload, end);
        } else {
            self.message(kind, len, end).write(payload);
            self.sent_plain(len, end);
        }
        len
    }

    /// Compresses a message of `len` octets, or its next piece, which must fit the outbox. `write`
    /// passes the octets to the compressor. If compression does not make them shorter, sends nothing
    /// and returns `false`.
    pub(crate) fn send_deflated(
        &mut self,
        kind: DataKind,
        len: usize,
        end: bool,
        write: impl FnOnce(&mut dyn FnMut(&[u8])),
    ) -> bool {
        let gap = self.headers_len(len);
        let Some(codec) = &mut self.deflate else {
            return false;
        };
        codec.used = true;
        let sending = &mut codec.sending;
        let compressor = sending
            .compressor
            .get_or_insert_with(|| codec.pool.compressor(sending.level, sending.window_bits));
        // §7.2.1: the last four octets of a flush are not sent.
        let spare = self.outbox.spare(gap + len + 4);
        let mut sink = Sink::new(&mut spare[gap..]);
        let mut fits = true;
        write(&mut |piece| fits = fits && compressor.push(piece, &mut sink));
        fits = fits && compressor.flush(&mut sink);
        let deflated = if end {
            sink.len_without_tail()
        } else {
            Some(sink.len())
        };
        let deflated = deflated.filter(|&deflated| fits && deflated <= len);
        sending.worth.tried(len, deflated.unwrap_or(len));
        let Some(deflated) = deflated else {
            // The peer does not get these octets, so later messages must not refer to them.
            codec.forget_sent();
            return false;
        };
        self.counters.deflated += len as u64;
        self.push_frames(kind, gap, deflated, end);
        self.sent_deflated(end);
        true
    }

    /// Updates the compression state after a piece of a compressed message, and at its end. Every way
    /// of sending compressed messages calls this.
    fn sent_deflated(&mut self, end: bool) {
        if let Some(codec) = &mut self.deflate {
            codec.sending.in_message = !end;
            self.counters.messages_deflated += u64::from(end);
            if end && !codec.sending.keeps_context {
                // §7.1.1: the next message must not refer to earlier ones.
                codec.forget_sent();
            } else {
                codec.keep_sent();
            }
        }
    }

    /// Makes frames of `len` octets in the outbox's spare room, `gap` octets behind its end.
    fn push_frames(&mut self, kind: DataKind, mut gap: usize, mut len: usize, end: bool) {
        while len > 0 {
            let payload = len.min(self.config.max_frame());
            let fin = end && payload == len;
            let opcode = match self.sending {
                Some(_) => Opcode::Continuation,
                None => kind.into(),
            };
            let queued = self.outbox.len();
            let mut mask = self.push_header(Header {
                fin,
                // §6: RSV1 is set only on the first frame of a message.
                rsv1: self.sending.is_none(),
                ..Header::new(opcode, payload as u64)
            });
            gap -= self.outbox.len() - queued;
            mask.apply(self.outbox.push_spare(gap, payload));
            self.sending = (!fin).then_some(kind);
            self.count_data(payload);
            len -= payload;
        }
    }

    /// Sends the next piece of a compressed message without compressing it, in a stored block (RFC 1951
    /// §3.2.4). It is at most [`MAX_STORED`] octets, and must fit the outbox.
    pub(super) fn send_stored(&mut self, kind: DataKind, data: &[u8], end: bool) {
        let mut header = [0; 5];
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_STORED")]
        let len = data.len() as u16;
        header[1..3].copy_from_slice(&len.to_le_bytes());
        header[3..].copy_from_slice(&(!len).to_le_bytes());
        let header = if data.is_empty() { &[][..] } else { &header };
        // §7.2.1: the message ends with the start of an empty block; the receiver adds the rest.
        let tail = if end { &[0][..] } else { &[] };
        let total = header.len() + data.len() + tail.len();
        let mut message = self.message(kind, total, end);
        for piece in [header, data, tail] {
            message.write(piece);
        }
        self.sent_deflated(end);
    }

    /// Updates the compression state after a message, or a piece of one, was sent plain.
    #[inline]
    pub(super) fn sent_plain(&mut self, len: usize, end: bool) {
        if let Some(codec) = &mut self.deflate {
            codec.sending.worth.sent_plain(len);
            codec.sending.in_message = false;
            self.counters.messages_plain += u64::from(end);
        }
    }

    /// The total length of the headers for `len` octets, in as many frames as they need.
    fn headers_len(&self, len: usize) -> usize {
        let max = self.config.max_frame();
        len.div_ceil(max).max(1) * self.header_len(len.min(max))
    }
}

/// The longest stored block, RFC 1951 §3.2.4; its overhead; and the octet that ends its message.
const MAX_STORED: usize = 0xffff;
const STORED_OVERHEAD: usize = 5 + 1;
