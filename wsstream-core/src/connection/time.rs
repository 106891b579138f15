//! Time: when a connection needs to know it, and the effects.

use alloc::string::ToString;
use core::mem;

use super::Connection;
use super::closing::Phase;
use super::timers::{Due, Now, State, Taken};
use crate::close::Close;
use crate::close_code::CloseCode;
use crate::error::Timeout;
use crate::frame::Opcode;
use crate::time::Timestamp;

impl Connection {
    /// Whether [`poll_time`](Self::poll_time) has anything to do: there is a deadline, or a pong has
    /// arrived whose round-trip time can be computed. This check is cheaper than reading a clock.
    #[inline]
    #[must_use]
    pub fn wants_time(&self) -> bool {
        !self.closing.has_given_up()
            && (self.times_message() || self.times_rest() || self.times_peer())
    }

    /// Whether the peer has to do something in time.
    #[inline]
    fn times_peer(&self) -> bool {
        let outstanding = || self.is_outstanding();
        self.timers
            .wanted(&self.config, self.timed_state(), outstanding)
    }

    /// Tells the time, does what is due, and returns when to call this next. Call it at that time, and
    /// after anything has moved while [`wants_time`](Self::wants_time) is true. First receive the
    /// octets that the transport has: a deadline that passed while you were not reading still counts.
    pub fn poll_time(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.poll_time_with(now, || None)
    }

    /// Like [`poll_time`](Self::poll_time), for transports that can tell how much the peer has taken.
    /// It calls `taken` occasionally. If `taken` returns `None`, octets count as taken when the
    /// transport has accepted them.
    pub fn poll_time_with(
        &mut self,
        now: Timestamp,
        mut taken: impl FnMut() -> Option<Taken>,
    ) -> Option<Timestamp> {
        let others = [self.poll_message(now), self.poll_rest(now)];
        // Each turn ends the connection or sends a ping, so there are few turns.
        while self.times_peer() && !self.closing.has_given_up() {
            let state = Now {
                time: now,
                heard: mem::take(&mut self.heard),
                data: self.counters.payload_received,
                sent: self.counters.payload_sent,
                stalled: mem::take(&mut self.stalled),
                written: self.outbox.written(),
                waiting: self.is_waiting(),
                shutting_down: self.shutting_down,
                state: self.timed_state(),
            };
            match self.timers.poll(state, &self.config, &mut taken) {
                Ok(next) => return others.into_iter().chain([next]).flatten().min(),
                Err(Due::Ping) => self.push_ping(now),
                Err(Due::GiveUp(timeout)) => self.give_up(timeout),
                Err(Due::Limit(timeout)) => self.reach_limit(timeout),
            }
        }
        let ended = self.closing.has_given_up();
        others.into_iter().flatten().min().filter(|_| !ended)
    }

    /// Ends the connection. Sends a Close, unless the peer does not take earlier octets.
    fn give_up(&mut self, timeout: Timeout) {
        if self.is_waiting() {
            self.output_lost |= self.unflushed || !self.close_has_left();
            self.outbox.clear();
        } else if self.closing.sent_close().is_none() {
            let reason = timeout.to_string();
            self.send_close(Close::new(CloseCode::INTERNAL, &reason));
        }
        (self.unflushed, self.shutting_down) = (false, false);
        self.closing.give_up(timeout);
    }

    /// Closes the connection because of a limit of ours. What is queued goes first.
    fn reach_limit(&mut self, timeout: Timeout) {
        if self.closing.sent_close().is_some() {
            // The peer has read our Close as the end of our direction, and cannot be told any more.
            return self.give_up(timeout);
        }
        self.send_close(Close::new(CloseCode::GOING_AWAY, &timeout.to_string()));
        self.closing.limited(timeout);
    }

    /// Whether the transport still has to accept octets of ours.
    #[inline]
    pub(crate) const fn is_waiting(&self) -> bool {
        !self.outbox.is_empty() || self.unflushed
    }

    /// Whether the transport or the peer still has to take octets of ours.
    fn is_outstanding(&self) -> bool {
        let ended = self.closing.has_ended();
        self.is_waiting()
            || self.shutting_down
            || (!ended && self.timers.is_unsettled(self.outbox.written()))
    }

    /// Whether everything is done: both directions have ended, and the peer has taken all it will take,
    /// as far as the transport can tell. Dropping the transport earlier may destroy octets.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_over() && (self.closing.has_given_up() || !self.is_outstanding())
    }

    /// Why the peer was given up, if it was.
    #[must_use]
    pub const fn given_up(&self) -> Option<Timeout> {
        self.closing.given_up()
    }

    /// The timeout that has ended the connection, or that our Close tells of: [`given_up`](Self::given_up),
    /// or a limit of ours ([`Timeout::Idle`], [`Timeout::Life`]).
    #[must_use]
    pub fn timed_out(&self) -> Option<Timeout> {
        self.closing.timed_out()
    }

    /// Whether the peer has taken all of our octets, or will not take them.
    #[cfg(feature = "std")]
    pub(crate) fn is_taken(&self) -> bool {
        self.closing.has_given_up() || !self.is_outstanding()
    }

    /// Queues a ping even if the outbox is full, so that its deadline runs. Only one may wait there, or
    /// else pings would pile up for a peer that takes nothing but sends now and then.
    fn push_ping(&mut self, now: Timestamp) {
        let written = self.outbox.written();
        if self.timers.ping_has_left(written) {
            self.counters.pings_sent += 1;
            let number = self.counters.pings_sent.to_be_bytes();
            self.push_control(Opcode::Ping, &number);
            let end = written + self.outbox.len() as u64;
            self.timers.queued_ping(now, end);
        }
    }

    /// The state of the connection that its timers depend on.
    #[inline]
    fn timed_state(&self) -> State {
        let phase = match self.closing.phase() {
            Phase::Open if self.expects_close => Phase::AwaitClose,
            phase => phase,
        };
        State {
            phase,
            half_close: self.half_close,
            // After a limit, what the peer sends does not extend its time.
            discarding: self.discarding || self.closing.limit().is_some(),
            pings_by_default: self.pings_by_default,
        }
    }
}
