//! Frames from the peer: fragments, control frames and their answers, RFC 6455 §5.4 and §5.5.

use alloc::boxed::Box;
use core::mem;

use super::Connection;
use super::closing::Phase;
use super::control_payload::ControlPayload;
use super::event::Event;
use super::inflating::Inflated;
use crate::close::Close;
use crate::data_kind::DataKind;
use crate::frame::{Header, Opcode};
use crate::protocol_error::ProtocolError;
use crate::role::Role;
use crate::work::Work;

impl Connection {
    /// Takes octets off the front of `input` up to the next event. Call this until it returns `None`,
    /// even when `input` is empty: it may have further events to report.
    ///
    /// After the peer's Close or an error, it takes everything and reports nothing. Keep reading from
    /// the transport, so that it ends properly (§5.5.1, §7.1.7).
    ///
    /// # Errors
    ///
    /// The peer's fault, once. The Close that reports it is in the outbox already: write it.
    #[inline]
    pub fn recv<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        self.recv_up_to(usize::MAX, input)
    }

    /// Like [`recv`](Self::recv), with pieces of at most `max` octets. With 0, it also returns `None`
    /// at the start of a piece.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn recv_up_to<'a, 'b: 'a>(
        &'a mut self,
        max: usize,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        self.recv_kind(None, max, input)
    }

    /// Like [`recv_up_to`](Self::recv_up_to), for one kind of messages. It refuses other kinds at their
    /// header, with 1003.
    #[inline]
    pub(crate) fn recv_kind<'a, 'b: 'a>(
        &'a mut self,
        expected: Option<DataKind>,
        max: usize,
        input: &mut &'b mut [u8],
    ) -> Result<Option<Event<'a>>, ProtocolError> {
        loop {
            if self.work.is_spent() {
                return Ok(None);
            }
            if !self.closing.can_receive() {
                self.recv_behind_close(input);
                return Ok(None);
            }
            if self.deflate.is_some() && !self.discarding {
                match self.inflate(max, input)? {
                    Inflated::Ready(len, end) => return Ok(self.take_inflated(len, end)),
                    Inflated::Wait => return Ok(None),
                    Inflated::Nothing => {}
                }
            }
            let available = input.len();
            let max = match self.discarding {
                true => usize::MAX,
                // Compressed payload is not passed on.
                false if self.is_inflating() => 0,
                false => max,
            };
            let decoded = self.decoder.decode_up_to(max, input);
            self.received(available - input.len());
            let chunk = match decoded {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return Ok(None),
                Err(error) => return Err(self.fail(error)),
            };
            let header = chunk.header;
            if chunk.first {
                self.trace("received", &header);
                self.check(&header).map_err(|error| self.fail(error))?;
                self.counters.frames_received += 1;
                self.work.spend(Work::FRAME);
            }
            if header.opcode.is_control() {
                if chunk.first {
                    self.control.clear();
                }
                self.control.push(chunk.payload.unmask());
                if chunk.last {
                    return self.recv_control(header.opcode).map(Some);
                }
                continue;
            }
            if chunk.first {
                begin(&mut self.receiving, header.opcode).map_err(|error| self.fail(error))?;
            }
            let Some(kind) = self.receiving else { continue };
            if expected.is_some_and(|expected| kind != expected) {
                return Err(self.fail(ProtocolError::UnexpectedKind(kind)));
            }
            if self.discarding {
                self.counters.payload_received += chunk.payload.len() as u64;
                if chunk.last && header.fin {
                    self.receiving = None;
                }
                continue;
            }
            if header.rsv1 {
                self.begin_inflating(kind);
            }
            if self.is_inflating() {
                if chunk.last && header.fin {
                    self.end_inflating();
                }
                continue;
            }
            let end = chunk.last && header.fin;
            if end {
                self.receiving = None;
            } else if chunk.payload.is_empty() {
                continue;
            }
            self.counters.payload_received += chunk.payload.len() as u64;
            return Ok(Some(Event::Data {
                kind,
                payload: chunk.payload,
                end,
            }));
        }
    }

    /// §5.5.1: data behind the peer's Close is ignored. Pings are still answered while the peer waits
    /// for our Close, which can take long with half close.
    fn recv_behind_close(&mut self, input: &mut &mut [u8]) {
        let available = input.len();
        while self.closing.phase() == Phase::Answer && !self.deaf {
            if self.work.is_spent() {
                self.received(available - input.len());
                return;
            }
            let Ok(Some(chunk)) = self.decoder.decode(input).inspect_err(|_| self.deaf = true)
            else {
                break;
            };
            let header = chunk.header;
            self.work.spend(Work::FRAME);
            self.counters.frames_received += u64::from(chunk.first);
            if header.opcode.is_control() {
                if chunk.first {
                    self.control.clear();
                }
                self.control.push(chunk.payload.unmask());
            }
            self.deaf = self.check(&header).is_err();
            match header.opcode {
                Opcode::Ping if chunk.last && !self.deaf => self.recv_ping(self.control.clone()),
                Opcode::Pong if chunk.last && !self.deaf => {
                    self.recv_pong(self.control.clone().as_slice());
                }
                _ => {}
            }
        }
        self.received(available);
        *input = &mut [];
    }

    /// Throws away incoming data, but handles the control frames in it.
    #[cfg(feature = "std")]
    pub(crate) fn discard(&mut self, input: &mut &mut [u8]) {
        // A fault has been answered, and the ending reports it.
        while !matches!(self.recv(input), Ok(None)) {}
    }

    /// How many payload octets are sure to come next and can be received straight into the reader's
    /// buffer with [`recv_in_place`](Self::recv_in_place). 0 unless a data frame is being received. The
    /// frame's last octet always goes through [`recv`](Self::recv).
    #[inline]
    #[must_use]
    pub fn in_place(&self) -> usize {
        if !self.closing.can_receive() || self.discarding || self.is_inflating() {
            return 0;
        }
        usize::try_from(self.decoder.data_remaining().saturating_sub(1)).unwrap_or(usize::MAX)
    }

    /// Takes `payload`, at most [`in_place`](Self::in_place) octets from the transport, and unmasks it
    /// in place. It belongs to the message that is being received.
    pub fn recv_in_place(&mut self, payload: &mut [u8]) {
        self.decoder.decode_in_place(payload);
        self.counters.payload_received += payload.len() as u64;
        self.received(payload.len());
    }

    /// The kind of the message that is being received, if any.
    #[must_use]
    pub const fn receiving(&self) -> Option<DataKind> {
        self.receiving
    }

    /// Reports that nobody reads, so the peer's octets are not being taken. The peer's silence is then
    /// not held against it, and the time limit for a collected message stands still until its octets
    /// have been taken.
    pub const fn stalled(&mut self) {
        self.heard = true;
        self.stalled = true;
        self.collecting_stalled();
    }

    #[inline]
    pub(super) const fn received(&mut self, octets: usize) {
        self.heard |= octets > 0;
        self.counters.received += octets as u64;
    }

    /// Checks a header against the role and the extensions.
    #[inline]
    pub(super) const fn check(&self, header: &Header) -> Result<(), ProtocolError> {
        match (self.closing.role, header.mask) {
            // §5.1: a client masks all frames, a server masks none.
            (Role::Server, None) => return Err(ProtocolError::Unmasked),
            (Role::Client, Some(_)) => return Err(ProtocolError::Masked),
            _ => {}
        }
        // §5.2: RSV1 means nothing without an extension. RFC 7692 §6: it is set on the first frame of a
        // message.
        let first = matches!(header.opcode, Opcode::Binary | Opcode::Text);
        if header.rsv1 && (self.deflate.is_none() || !first) {
            return Err(ProtocolError::ReservedBits(0b100));
        }
        Ok(())
    }

    fn recv_control(&mut self, opcode: Opcode) -> Result<Event<'_>, ProtocolError> {
        match opcode {
            Opcode::Ping => {
                self.recv_ping(self.control.clone());
                Ok(Event::Ping(self.control.as_slice()))
            }
            Opcode::Pong => {
                self.recv_pong(self.control.clone().as_slice());
                Ok(Event::Pong(self.control.as_slice()))
            }
            _ => match Close::parse(self.control.as_slice()) {
                Ok(close) => {
                    self.recv_close(&close);
                    Ok(Event::Close(close))
                }
                Err(error) => Err(self.fail(error)),
            },
        }
    }

    /// §5.5.2: answers a ping. §5.5.3: without room, it keeps only the newest ping.
    pub(super) fn recv_ping(&mut self, payload: ControlPayload) {
        self.counters.pings_received += 1;
        if !self.closing.can_answer() {
            return;
        }
        if self.unanswered.is_none() && self.has_room() && !self.holds_pongs() {
            self.push_control(Opcode::Pong, payload.as_slice());
        } else {
            match &mut self.unanswered {
                Some(older) => **older = payload,
                none => *none = Some(Box::new(payload)),
            }
        }
    }

    fn recv_close(&mut self, close: &Close) {
        let unfinished = self.receiving.is_some();
        self.closing.received(close.clone(), unfinished);
        // Only a normal Close can be a half close.
        let at_once = !self.half_close || !close.is_normal() || unfinished;
        // A peer that ends the transport right after its Close may still read.
        let has_closed = self.closing.sent_close().is_some() || self.closing.has_given_up();
        if at_once && !has_closed {
            self.send_close(close.answer());
        }
    }

    /// Whether pongs wait until the peer has taken our Close and the octets before it. They would queue
    /// behind those anyway, and otherwise a peer that pings without end would always have something
    /// left to take.
    fn holds_pongs(&self) -> bool {
        self.discarding && self.close_has_left() && self.timers.is_unsettled(self.outbox.written())
    }

    /// Answers the waiting ping, unless both ends have closed since, §5.5.2.
    #[inline]
    pub(super) fn answer_ping(&mut self) {
        if self.unanswered.is_some()
            && self.has_room()
            && !self.holds_pongs()
            && let Some(payload) = mem::take(&mut self.unanswered)
            && self.closing.can_answer()
        {
            self.push_control(Opcode::Pong, payload.as_slice());
        }
    }
}

/// §5.4: fragments of different messages must not be mixed. `receiving` is the current message.
#[inline]
pub(super) const fn begin(
    receiving: &mut Option<DataKind>,
    opcode: Opcode,
) -> Result<(), ProtocolError> {
    match (opcode, *receiving) {
        (Opcode::Continuation, Some(_)) => {}
        (Opcode::Continuation, None) => return Err(ProtocolError::UnexpectedContinuation),
        (_, Some(_)) => return Err(ProtocolError::ExpectedContinuation),
        (Opcode::Text, None) => *receiving = Some(DataKind::Text),
        (_, None) => *receiving = Some(DataKind::Binary),
    }
    Ok(())
}
