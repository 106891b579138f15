//! A connection in time: when it wants to be told the time, and what comes of it.

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
    /// Whether [`poll_time`](Self::poll_time) has anything to do: there is a deadline, or a pong has come
    /// whose round-trip time it can tell. Asking is cheaper than reading a clock.
    #[inline]
    #[must_use]
    pub fn wants_time(&self) -> bool {
        !self.closing.has_given_up()
            && (self.times_message() || self.times_rest() || self.times_peer())
    }

    /// Whether there is something that the peer has to do in time.
    #[inline]
    fn times_peer(&self) -> bool {
        let outstanding = || self.is_outstanding();
        self.timers
            .wanted(&self.config, self.timed_state(), outstanding)
    }

    /// Tells the time, does what is due, and answers when to tell it next. To be called when that time
    /// has come, and after anything has moved while [`wants_time`](Self::wants_time). What the transport
    /// has is to be received first: a deadline that has passed while nobody looked is passed.
    pub fn poll_time(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.poll_time_with(now, || None)
    }

    /// The same for transports that can tell what the peer has taken: `taken` is asked now and then. Where it
    /// gives `None`, what the transport accepted counts as taken.
    pub fn poll_time_with(
        &mut self,
        now: Timestamp,
        mut taken: impl FnMut() -> Option<Taken>,
    ) -> Option<Timestamp> {
        let others = [self.poll_message(now), self.poll_rest(now)];
        // Each turn ends the connection or sends a ping, so there are few.
        while self.times_peer() && !self.closing.has_given_up() {
            let state = Now {
                time: now,
                heard: mem::take(&mut self.heard),
                data: self.counters.payload_received,
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
            }
        }
        let ended = self.closing.has_given_up();
        others.into_iter().flatten().min().filter(|_| !ended)
    }

    /// Ends the connection. The peer is told, unless it does not take what went before.
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

    /// Whether the transport has something of ours still to take.
    #[inline]
    pub(crate) const fn is_waiting(&self) -> bool {
        !self.outbox.is_empty() || self.unflushed
    }

    /// Whether the transport, or the peer, has.
    fn is_outstanding(&self) -> bool {
        let ended = self.closing.has_ended();
        self.is_waiting()
            || self.shutting_down
            || (!ended && self.timers.is_unsettled(self.outbox.written()))
    }

    /// Whether there is nothing left to do: both directions have ended, and the peer has taken what it
    /// will take, as far as the transport can tell. Dropping a transport earlier may take it away again.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_over() && (self.closing.has_given_up() || !self.is_outstanding())
    }

    /// Why the peer has been given up, if it has.
    #[must_use]
    pub const fn given_up(&self) -> Option<Timeout> {
        self.closing.given_up()
    }

    /// Whether the peer has taken all of ours, or will not.
    #[cfg(feature = "std")]
    pub(crate) fn is_taken(&self) -> bool {
        self.closing.has_given_up() || !self.is_outstanding()
    }

    /// A full outbox is no reason to wait: the ping waits in it, and its deadline runs. But only one:
    /// else a peer that takes nothing, and now and then sends something, would have them pile up.
    fn push_ping(&mut self, now: Timestamp) {
        let written = self.outbox.written();
        if self.timers.ping_has_left(written) {
            let start = written + self.outbox.len() as u64;
            self.counters.pings_sent += 1;
            let number = self.counters.pings_sent.to_be_bytes();
            self.push_control(Opcode::Ping, &number);
            let end = written + self.outbox.len() as u64;
            self.timers.queued_ping(now, start..end);
        }
    }

    /// What the connection is like, as far as time goes.
    #[inline]
    fn timed_state(&self) -> State {
        let phase = match self.closing.phase() {
            Phase::Open if self.expects_close => Phase::AwaitClose,
            phase => phase,
        };
        State {
            phase,
            half_close: self.half_close,
            discarding: self.discarding,
        }
    }
}
