//! Frames to the peer: fragments, masking, and the limit of the outbox, RFC 6455 §5.3 and §5.4.

use super::Connection;
use crate::data_kind::DataKind;
use crate::error::Closed;
use crate::frame::{EncodedHeader, Header, Opcode};
use crate::mask::Mask;
use crate::outbox::Outbox;
use crate::role::Role;

impl Connection {
    /// The most octets in the outbox: 64 KiB of payload with its header, and some control frames. A
    /// buffer of this length never grows.
    pub const OUTBOX_LEN: usize = Outbox::MAX_LEN;

    /// The most payload octets in a message of a byte stream. Every known peer accepts this many.
    pub(crate) const MAX_STREAM_MESSAGE: usize = Outbox::MAX_DATA - Header::MAX_LEN;

    /// Sends a piece of a message, in frames within the auto-fragmentation limit. Returns how much was
    /// queued: as much as the outbox has room for, possibly 0. Send the rest again after writing the
    /// outbox. `end` tells that the message ends with `payload`.
    ///
    /// `kind` matters only for the first piece of a message. An empty message, or the empty end of one,
    /// is queued only if [`has_room`](Self::has_room) was true before.
    ///
    /// # Errors
    ///
    /// [`Closed`] after our Close, or once the connection is over.
    #[inline]
    pub fn send(&mut self, kind: DataKind, payload: &[u8], end: bool) -> Result<usize, Closed> {
        if !self.can_send() {
            return Err(Closed);
        }
        if self.deflate.is_some() {
            return Ok(self.send_where_agreed(kind, payload, end));
        }
        let len = payload.len().min(self.room());
        if len == 0 && !(payload.is_empty() && end && self.has_room()) {
            return Ok(0);
        }
        self.message(kind, len, end && len == payload.len())
            .write(&payload[..len]);
        Ok(len)
    }

    /// How many payload octets fit the outbox.
    #[inline]
    #[must_use]
    pub fn room(&self) -> usize {
        let free = Outbox::MAX_DATA.saturating_sub(self.outbox.len());
        let max_frame = self.config.max_frame();
        let header = self.header_len(max_frame);
        let whole_frames = free / header.saturating_add(max_frame);
        let rest = free - whole_frames * header.saturating_add(max_frame);
        whole_frames * max_frame + rest.saturating_sub(header)
    }

    /// Whether a data frame fits the outbox, with at least one octet or empty.
    #[inline]
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.outbox.len() + Header::MAX_LEN < Outbox::MAX_DATA
    }

    /// Begins a message, or its next piece, of exactly `len` octets, which must fit the outbox.
    #[inline]
    pub(crate) fn message(&mut self, kind: DataKind, len: usize, end: bool) -> MessageWriter<'_> {
        let mut writer = MessageWriter {
            connection: self,
            kind,
            rest: len,
            in_frame: 0,
            mask: Mask::NONE,
            end,
        };
        if len == 0 {
            writer.begin_frame();
        }
        writer
    }

    /// The header of a whole message in one frame. You write the payload of `len` octets yourself,
    /// after the outbox and the header, and then call [`sent_direct`](Self::sent_direct).
    ///
    /// `None` if that is impossible: on a client, which has to mask; inside a message; if the message
    /// is worth compressing; if it needs more than one frame; or above 64 KiB, because the outbox must
    /// have room for the octets that the transport does not take.
    #[inline]
    #[must_use]
    pub fn direct(&self, kind: DataKind, len: usize) -> Option<EncodedHeader> {
        let can = self.closing.role == Role::Server
            && self.sending.is_none()
            && self.deflates(len) == 0
            && len <= self.config.max_frame().min(Self::MAX_STREAM_MESSAGE)
            && self.can_send();
        can.then(|| Header::new(kind.into(), len as u64).encode())
    }

    /// Reports how many octets of the outbox, `header` and `payload` were written, after
    /// [`direct`](Self::direct). If the frame was begun, its remaining octets are queued. If none of it
    /// was written, it was not sent, and this returns `false`.
    #[inline]
    pub fn sent_direct(&mut self, header: &EncodedHeader, payload: &[u8], written: usize) -> bool {
        let queued = self.outbox.len();
        self.outbox.consume(written);
        let Some(written) = written.checked_sub(queued).filter(|&written| written > 0) else {
            return false;
        };
        self.outbox.wrote(written);
        let header_rest = header.get(written..).unwrap_or_default();
        let payload_rest = payload
            .get(written.saturating_sub(header.len())..)
            .unwrap_or_default();
        for rest in [header_rest, payload_rest] {
            self.outbox.push(rest.len()).copy_from_slice(rest);
        }
        self.count_data(payload.len());
        self.sent_plain(payload.len(), true);
        self.trace_encoded("sent", header);
        true
    }

    pub(super) fn push_control(&mut self, opcode: Opcode, payload: &[u8]) {
        let mut mask = self.push_header(Header::new(opcode, payload.len() as u64));
        mask.copy(payload, self.outbox.push(payload.len()));
        self.counters.frames_sent += 1;
    }

    /// Queues the header, with a masking key on a client, §5.3.
    #[inline]
    pub(super) fn push_header(&mut self, mut header: Header) -> Mask {
        header.mask = self.mask_keys.as_mut().map(crate::seed::MaskKeys::next_key);
        self.trace("sent", &header);
        let octets = header.encode();
        self.outbox.push(octets.len()).copy_from_slice(&octets);
        header.mask.map_or(Mask::NONE, Mask::new)
    }

    #[inline]
    pub(super) const fn count_data(&mut self, len: usize) {
        self.counters.frames_sent += 1;
        self.counters.payload_sent += len as u64;
    }

    #[inline]
    pub(super) fn header_len(&self, payload: usize) -> usize {
        let key = if self.closing.role == Role::Client {
            4
        } else {
            0
        };
        key + match payload {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => 10,
        }
    }
}

/// Cuts a message of known length into frames while it is written, piece by piece.
pub(crate) struct MessageWriter<'a> {
    connection: &'a mut Connection,
    kind: DataKind,
    /// How many octets of the message, and of the current frame, are still to be written.
    rest: usize,
    in_frame: usize,
    mask: Mask,
    end: bool,
}

impl MessageWriter<'_> {
    /// Appends a piece of the message's payload.
    #[inline]
    pub(crate) fn write(&mut self, mut piece: &[u8]) {
        debug_assert!(piece.len() <= self.rest);
        while !piece.is_empty() && self.rest > 0 {
            if self.in_frame == 0 {
                self.begin_frame();
            }
            let (now, later) = piece.split_at(piece.len().min(self.in_frame));
            self.mask.copy(now, self.connection.outbox.push(now.len()));
            self.in_frame -= now.len();
            self.rest -= now.len();
            piece = later;
        }
    }

    #[inline]
    fn begin_frame(&mut self) {
        let connection = &mut *self.connection;
        let len = self.rest.min(connection.config.max_frame());
        let fin = self.end && len == self.rest;
        let opcode = match connection.sending {
            Some(_) => Opcode::Continuation,
            None => self.kind.into(),
        };
        self.mask = connection.push_header(Header {
            fin,
            ..Header::new(opcode, len as u64)
        });
        connection.sending = (!fin).then_some(self.kind);
        connection.count_data(len);
        self.in_frame = len;
    }
}
