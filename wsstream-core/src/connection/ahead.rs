//! Pings that lie behind data nobody reads: RFC 6455 §5.5.2.
//!
//! While an application only writes, what it does not read stays in the receive buffer as it came.
//! [`LookAhead`] finds the control frames in there and has them answered, without touching the data.

use alloc::boxed::Box;

use super::Connection;
use super::control_payload::ControlPayload;
use super::receiving::begin;
use crate::data_kind::DataKind;
use crate::decoder::Decoder;
use crate::frame::Opcode;
use crate::work::Work;

/// Where the search for control frames has come to, in octets not yet given to
/// [`Connection::recv`].
#[derive(Debug, Default)]
pub struct LookAhead {
    /// What the connection will be like there; the connection itself, as long as it is at the front.
    state: Option<Box<State>>,
    at: usize,
    /// How many octets there were at the last search.
    known: usize,
}

#[derive(Clone, Debug)]
struct State {
    decoder: Decoder,
    receiving: Option<DataKind>,
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
        if !connection.closing.can_answer() {
            return unread.len();
        }
        connection.heard |= unread.len() > self.known;
        let mut state = self.state.take().unwrap_or_else(|| {
            Box::new(State {
                decoder: connection.decoder.clone(),
                receiving: connection.receiving,
            })
        });
        // What is kept moves to the front, in one pass: `self.at` is its end, `from` where it came from.
        let mut from = self.at;
        while !connection.work.is_spent() {
            let before = State::clone(&state);
            let taken = state.advance(connection, &mut unread[from..]);
            match taken {
                Some(Taken::Data(len)) => {
                    if from > self.at {
                        unread.copy_within(from..from + len, self.at);
                    }
                    self.at += len;
                    from += len;
                }
                Some(Taken::Control(len)) => from += len,
                None => {
                    *state = before;
                    break;
                }
            }
        }
        unread.copy_within(from.., self.at);
        self.known = unread.len() - (from - self.at);
        // At the front, the connection can move without this search being told.
        self.state = (self.at > 0).then_some(state);
        // A ping was taken; what is left waits for a reader.
        if self.known > 0 {
            connection.collecting_stalled();
        }
        self.known
    }

    /// Tells that `count` octets were taken off the front of what is unread.
    #[inline]
    pub fn consumed(&mut self, count: usize) {
        self.known = self.known.saturating_sub(count);
        self.at = self.at.saturating_sub(count);
        if self.at == 0 {
            self.state = None;
        }
    }
}

/// So many octets.
enum Taken {
    /// Of data, for the reader.
    Data(usize),
    /// Of a ping or a pong, which the connection has dealt with.
    Control(usize),
}

impl State {
    /// Passes over a piece of data, or deals with a control frame. `None` at what is for the reader to
    /// find, and at half a header or control frame: it is looked at again when it is whole.
    fn advance(&mut self, connection: &mut Connection, unread: &mut [u8]) -> Option<Taken> {
        let (len, inside_header) = (unread.len(), self.decoder.is_inside_header());
        let mut rest = unread;
        let chunk = self.decoder.decode(&mut rest).ok()??;
        let (taken, header) = (len - rest.len(), chunk.header);
        if chunk.first {
            connection.check(&header).ok()?;
            connection.work.spend(Work::FRAME);
        }
        if !header.opcode.is_control() {
            if chunk.first {
                begin(&mut self.receiving, header.opcode).ok()?;
            }
            if chunk.last && header.fin {
                self.receiving = None;
            }
            return Some(Taken::Data(taken));
        }
        let whole = chunk.first && chunk.last && !inside_header;
        if !whole || header.opcode == Opcode::Close {
            return None;
        }
        let mut payload = ControlPayload::EMPTY;
        payload.push(chunk.payload.unmask());
        connection.trace("received", &header);
        connection.counters.frames_received += 1;
        connection.counters.received += taken as u64;
        if header.opcode == Opcode::Ping {
            connection.recv_ping(payload);
        } else {
            connection.recv_pong(payload.as_slice());
        }
        Some(Taken::Control(taken))
    }
}
