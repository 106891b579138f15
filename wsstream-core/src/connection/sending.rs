//! Frames out: fragments, masking, and the bound on what waits, RFC 6455 §5.3 and §5.4.

use super::Connection;
use crate::data_kind::DataKind;
use crate::error::Closed;
use crate::frame::{EncodedHeader, Header, Opcode};
use crate::mask::Mask;
use crate::outbox::Outbox;
use crate::role::Role;

impl Connection {
    /// The most octets that wait in the outbox: 64 KiB of payload with its header, and some control
    /// frames. A buffer of this length never grows.
    pub const OUTBOX_LEN: usize = Outbox::MAX_LEN;

    /// The most octets of payload that a message of a byte stream carries, which every known peer takes.
    pub(crate) const MAX_STREAM_MESSAGE: usize = Outbox::MAX_DATA - Header::MAX_LEN;

    /// Sends a piece of a message, in frames no longer than auto-fragmentation allows, and tells how
    /// much of it was queued: all that the outbox has room for, possibly nothing. The rest is to be
    /// sent again once the outbox has been written. `end` tells that the message ends with `payload`.
    ///
    /// `kind` counts for the first piece of a message only. An empty message, or the empty end of one, is
    /// queued if [`has_room`](Self::has_room) says so before.
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

    /// How much payload the outbox has room for.
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

    /// Whether a data frame could be queued, if only an empty one or one of one octet.
    #[inline]
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.outbox.len() + Header::MAX_LEN < Outbox::MAX_DATA
    }

    /// Begins a message, or its next piece, of exactly `len` octets, for which there must be room.
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

    /// The header of a whole message in one frame, whose payload of `len` octets the caller writes
    /// himself, after the outbox and the header; `None` where that cannot be: on a client, which has to
    /// mask, inside a message, if it is worth compressing, or if it takes more than one frame or is longer
    /// than 64 KiB, as what the transport does not take has to find room. See [`sent_direct`](Self::sent_direct).
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

    /// Tells how many octets of outbox, `header` and `payload` were `written` together, by
    /// [`direct`](Self::direct). A frame once begun is completed: what is missing of it is queued. If
    /// nothing of it was written it was not sent, and `false` is returned.
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
    /// What is still to be written of the message, and of the frame that is begun.
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
