//! Answers pings that lie behind unread data: RFC 6455 §5.5.2.
//!
//! While an application only writes, unread octets stay in the receive buffer as they came.
//! [`LookAhead`] finds and answers the control frames among them, without touching the data.

use alloc::boxed::Box;

use super::Connection;
use super::control_payload::ControlPayload;
use super::receiving::begin;
use crate::data_kind::DataKind;
use crate::decoder::Decoder;
use crate::frame::Opcode;
use crate::work::Work;

/// The position of the search for control frames, in octets that [`Connection::recv`] has not taken
/// yet.
#[derive(Debug, Default)]
pub struct LookAhead {
    /// The state of the connection at this position; `None` at the front, where the connection has it.
    state: Option<Box<State>>,
    at: usize,
    /// The number of octets at the last search.
    known: usize,
}

#[derive(Clone, Debug)]
struct State {
    decoder: Decoder,
    receiving: Option<DataKind>,
}

impl LookAhead {
    /// A search that starts at the front.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the pings in `unread`, the octets that `connection` receives next. Removes pings and
    /// pongs, and returns how many octets remain. The search stops at any fault, and at a Close, which
    /// must stay behind the data. It never searches octets twice.
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
        // Kept octets move to the front, in one pass: `self.at` is their end, `from` is their source.
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
        // At the front, the connection can change without notice, so forget its state.
        self.state = (self.at > 0).then_some(state);
        // A ping was removed; the remaining octets wait for a reader.
        if self.known > 0 {
            connection.collecting_stalled();
        }
        self.known
    }

    /// Reports that `count` octets were taken off the front of the unread octets.
    #[inline]
    pub fn consumed(&mut self, count: usize) {
        self.known = self.known.saturating_sub(count);
        self.at = self.at.saturating_sub(count);
        if self.at == 0 {
            self.state = None;
        }
    }
}

/// A run of octets.
enum Taken {
    /// Data, for the reader.
    Data(usize),
    /// A ping or pong, which the connection has handled.
    Control(usize),
}

impl State {
    /// Passes over a piece of data, or handles a control frame. Returns `None` at a fault or a Close,
    /// which the reader must find, and at an incomplete header or control frame, which is looked at
    /// again later.
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
