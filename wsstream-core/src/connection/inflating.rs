//! Compressed messages from the peer: RFC 7692 §7.2.2.
//!
//! Inflated octets wait in the decompressor's buffer until they are read; only then it inflates more.
//! So a message may have any length, and grows at the reader's pace.

use core::mem;

use super::Connection;
use super::event::Event;
use crate::data_kind::DataKind;
use crate::decoder::Payload;
use crate::deflate::Inflating;
use crate::mask::Mask;
use crate::protocol_error::ProtocolError;

/// The state of a compressed message.
pub(super) enum Inflated {
    /// Nothing to pass on: a frame comes next, or no compressed message is being received.
    Nothing,
    /// Nothing to pass on until there is more input, or more room.
    Wait,
    /// This many octets are ready for [`Connection::take_inflated`]. The flag tells whether the message
    /// ends with them.
    Ready(usize, bool),
}

impl Connection {
    /// Begins a compressed message: its first frame has RSV1, RFC 7692 §6.
    pub(super) fn begin_inflating(&mut self, kind: DataKind) {
        if let Some(codec) = &mut self.deflate {
            codec.receiving.message = Some(Inflating {
                kind,
                complete: false,
                fed: false,
                inflated: false,
            });
        }
    }

    /// Whether the message that is being received is compressed.
    #[inline]
    pub(crate) fn is_inflating(&self) -> bool {
        self.deflate
            .as_ref()
            .is_some_and(|codec| codec.receiving.message.is_some())
    }

    /// Reports the end of the last frame of the compressed message.
    pub(super) fn end_inflating(&mut self) {
        self.receiving = None;
        if let Some(codec) = &mut self.deflate
            && let Some(message) = &mut codec.receiving.message
        {
            message.complete = true;
        }
    }

    /// Throws away the rest of a compressed message that nobody wants.
    #[cfg(feature = "std")]
    pub(super) fn stop_inflating(&mut self) {
        if let Some(codec) = &mut self.deflate {
            codec.receiving.message = None;
            codec.receiving.decompressor = None;
        }
    }

    /// Inflates until there are octets to pass on.
    pub(super) fn inflate(
        &mut self,
        max: usize,
        input: &mut &mut [u8],
    ) -> Result<Inflated, ProtocolError> {
        loop {
            let Some(codec) = &mut self.deflate else {
                return Ok(Inflated::Nothing);
            };
            let receiving = &mut codec.receiving;
            let Some(message) = &mut receiving.message else {
                // All inflated octets have been read.
                if !receiving.keeps_context {
                    codec.rest_received();
                }
                return Ok(Inflated::Nothing);
            };
            if message.complete && !message.fed {
                // RFC 7692 §7.2.3.6 sends one octet here, but no payload at all also means an empty
                // message.
                message.inflated = true;
                return Ok(if max == 0 {
                    Inflated::Wait
                } else {
                    Inflated::Ready(0, true)
                });
            }
            codec.used = true;
            let inflater = receiving.decompressor.get_or_insert_with(|| {
                let mut inflater = codec.pool.decompressor(receiving.window_bits);
                inflater.resume(&mem::take(&mut receiving.window));
                inflater
            });
            if message.complete
                && !message.inflated
                && !inflater.has_more()
                && !inflater.is_broken()
            {
                inflater.end_message();
                message.inflated = !inflater.is_broken();
            }
            let waiting = inflater.waiting();
            if waiting > 0 || message.inflated {
                return Ok(if max == 0 {
                    Inflated::Wait
                } else {
                    Inflated::Ready(waiting.min(max), message.inflated && waiting <= max)
                });
            }
            if inflater.is_broken() {
                receiving.message = None;
                return Err(self.fail(ProtocolError::InvalidDeflate));
            }
            if max == 0 {
                return Ok(Inflated::Wait);
            }
            if self.work.is_spent() {
                return Ok(Inflated::Wait);
            }
            if inflater.has_more() {
                inflater.inflate(&[], &mut self.work);
                continue;
            }
            if self.decoder.data_remaining() == 0 {
                return Ok(Inflated::Nothing);
            }
            if input.is_empty() {
                return Ok(Inflated::Wait);
            }
            message.fed = true;
            let work = &mut self.work;
            let taken = self
                .decoder
                .take_payload(input, |payload| inflater.inflate(payload, work));
            self.counters.payload_received += taken as u64;
            self.received(taken);
            if self.decoder.data_remaining() == 0 && self.decoder.is_final() {
                self.end_inflating();
            }
        }
    }

    /// Takes the octets that are [`Ready`](Inflated::Ready).
    pub(super) fn take_inflated(&mut self, len: usize, end: bool) -> Option<Event<'_>> {
        let codec = self.deflate.as_mut()?;
        let receiving = &mut codec.receiving;
        let kind = receiving.message?.kind;
        self.counters.inflated += len as u64;
        if end {
            receiving.message = None;
            self.counters.messages_inflated += 1;
        }
        let octets = match &mut receiving.decompressor {
            Some(inflater) if len > 0 => inflater.take(len),
            _ => &mut [],
        };
        let payload = Payload::new(octets, Mask::NONE);
        Some(Event::Data { kind, payload, end })
    }
}
