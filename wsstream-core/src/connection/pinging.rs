//! Pings of the application, and the pongs to all of ours: RFC 6455 §5.5.2 and §5.5.3.

use alloc::boxed::Box;

use super::Connection;
use super::control_payload::ControlPayload;
use crate::error::PingError;
use crate::frame::{MAX_CONTROL_PAYLOAD, Opcode};

/// A ping of the application that waits for its pong.
#[derive(Debug)]
pub(super) struct Pinged {
    payload: ControlPayload,
    /// How many keepalive pings were sent before it.
    after: u64,
}

impl Connection {
    /// Queues a ping with a payload of up to 125 octets, §5.5.2. It can go between the fragments of a message. Returns
    /// `false` without queueing it unless [`has_room`](Self::has_room) was true before: write the outbox first.
    ///
    /// [`unanswered_ping`](Self::unanswered_ping) tells whether its pong has come. You need no pings to keep a connection
    /// alive: [`ConnectionConfig::keepalive`](crate::ConnectionConfig::keepalive) sends its own.
    ///
    /// ```
    /// # use wsstream_core::{Connection, ConnectionConfig, Event, Seed};
    /// let mut client = Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([1; 32])));
    /// let mut server = Connection::without_extensions(ConnectionConfig::new(), None);
    /// assert!(client.ping(b"still there?")?);
    /// let mut wire = client.outbox().octets().to_vec();
    /// assert!(matches!(server.recv(&mut &mut wire[..])?, Some(Event::Ping(b"still there?"))));
    ///
    /// assert_eq!(client.unanswered_ping(), Some(&b"still there?"[..]));
    /// let mut wire = server.outbox().octets().to_vec();
    /// assert!(matches!(client.recv(&mut &mut wire[..])?, Some(Event::Pong(b"still there?"))));
    /// assert_eq!(client.unanswered_ping(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`PingError::TooLong`] for a longer payload; [`PingError::Closed`] after our Close, or once the connection is
    /// over.
    pub fn ping(&mut self, payload: &[u8]) -> Result<bool, PingError> {
        if payload.len() > MAX_CONTROL_PAYLOAD {
            return Err(PingError::TooLong(payload.len()));
        }
        if !self.can_send() {
            return Err(PingError::Closed);
        }
        if !self.has_room() {
            return Ok(false);
        }
        self.push_control(Opcode::Ping, payload);
        let mut pinged = Pinged {
            payload: ControlPayload::EMPTY,
            after: self.counters.pings_sent,
        };
        pinged.payload.push(payload);
        self.pinged = Some(Box::new(pinged));
        Ok(true)
    }

    /// The payload of the newest [`ping`](Self::ping) that is not answered yet. `None` if there was none, and once the
    /// peer has answered it, or a later keepalive ping instead (§5.5.3).
    #[must_use]
    pub fn unanswered_ping(&self) -> Option<&[u8]> {
        let pinged = self.pinged.as_ref();
        pinged.map(|pinged| pinged.payload.as_slice())
    }

    pub(super) fn recv_pong(&mut self, payload: &[u8]) {
        let sent = self.counters.pings_sent;
        let is_newest = payload == sent.to_be_bytes();
        if is_newest {
            self.timers.ponged();
        }
        // §5.5.3: the peer may answer only the newest of several pings.
        let is_answered = |pinged: &Pinged| {
            pinged.payload.as_slice() == payload || (is_newest && pinged.after < sent)
        };
        self.pinged.take_if(|pinged| is_answered(pinged));
    }
}
