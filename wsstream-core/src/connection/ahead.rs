//! Pings that lie behind data nobody reads: RFC 6455 §5.5.2.
//!
//! While an application only writes, what it does not read stays in the receive buffer as it came.
//! [`LookAhead`] finds the control frames in there and has them answered, without touching the data.

use super::{Connection, ControlPayload};
use crate::decoder::Decoder;
use crate::frame::Opcode;

/// Where the search for control frames has come to, in octets not yet given to
/// [`Connection::recv`].
#[derive(Debug, Default)]
pub struct LookAhead {
    decoder: Option<Decoder>,
    at: usize,
}

impl LookAhead {
    /// A search that begins at the front.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the pings in `unread`, the octets that `connection` is to receive next, takes the pings
    /// and pongs out, and returns how many octets are left. Stops at a Close, which has its place behind
    /// the data, and at anything wrong. What was searched before is not searched again.
    pub fn answer_pings(&mut self, connection: &mut Connection, unread: &mut [u8]) -> usize {
        let mut len = unread.len();
        if !connection.closing.can_answer() {
            return len;
        }
        if len > self.at {
            connection.stalled();
        }
        let mut decoder = self
            .decoder
            .take()
            .unwrap_or_else(|| connection.decoder.clone());
        loop {
            let before = decoder.clone();
            let mut rest = &mut unread[self.at..len];
            let available = rest.len();
            let chunk = match decoder.decode(&mut rest) {
                Ok(Some(chunk)) if available > 0 => chunk,
                // The rest may be half a header. It is looked at again when it is whole.
                _ => {
                    decoder = before;
                    break;
                }
            };
            let taken = available - rest.len();
            let header = chunk.header;
            if !header.opcode.is_control() {
                self.at += taken;
                continue;
            }
            let whole = chunk.first && chunk.last && !before.is_inside_header();
            let answerable = matches!(header.opcode, Opcode::Ping | Opcode::Pong);
            if !whole || !answerable || connection.check(&header).is_err() {
                decoder = before;
                break;
            }
            let mut payload = ControlPayload::EMPTY;
            payload.push(chunk.payload.unmask());
            if header.opcode == Opcode::Ping {
                connection.recv_ping(payload);
            } else {
                connection.recv_pong(payload.as_slice());
            }
            connection.trace("received", &header);
            connection.counters.frames_received += 1;
            connection.counters.received += taken as u64;
            unread.copy_within(self.at + taken..len, self.at);
            len -= taken;
        }
        self.decoder = Some(decoder);
        len
    }

    /// Tells that `count` octets were taken off the front of what is unread.
    pub fn consumed(&mut self, count: usize) {
        match self.at.checked_sub(count) {
            Some(at) if at > 0 => self.at = at,
            _ => *self = Self::default(),
        }
    }
}
