//! Telling a connection the time, and asking the socket before anything is held against the peer.

use core::task::Poll;
use std::io::IoSlice;

use super::engine::Pump;
use super::{Clock, Socket};
use crate::time::Timestamp;

impl<S: Socket, C: Clock> Pump<S, C> {
    /// Tells the connection the time, if it wants to know, and writes what that brought about.
    pub(super) fn poll_time(&mut self) {
        if !self.connection.wants_time() {
            self.forget_alarm();
            return;
        }
        let mut now = self.wire.now();
        if let Some(due) = self.alarm.filter(|&alarm| alarm <= now) {
            // A task that was starved may be here before its runtime has looked at its sockets. It looks
            // at them when it looks at its timers.
            if self.wire.poll_sleep(due).is_pending() {
                return;
            }
            self.alarm = None;
            self.listen();
            if self.connection.is_waiting() {
                self.retry_write();
            }
        }
        loop {
            let pings = self.connection.counters().pings_sent;
            let mut next = self.tell_time(now);
            if self.connection.counters().pings_sent > pings {
                // A ping has left, or not: its time counts from there.
                next = self.tell_time(now);
            }
            // One that comes too early is looked at then: to set it anew for every octet would cost more.
            if self.alarm.is_some() && self.alarm <= next {
                break;
            }
            let Some(next) = next else {
                self.forget_alarm();
                break;
            };
            if self.wire.poll_sleep(next).is_pending() {
                self.alarm = Some(next);
                break;
            }
            (self.alarm, now) = (None, next.max(self.wire.now()));
        }
    }

    fn tell_time(&mut self, now: Timestamp) -> Option<Timestamp> {
        let wire = &self.wire;
        let next = self.connection.poll_time_with(now, || wire.taken());
        self.send_queued();
        next
    }

    fn forget_alarm(&mut self) {
        if self.alarm.take().is_some() {
            self.wire.forget_sleep();
        }
    }

    /// Asks the socket for octets once more, before the peer's silence is held against it.
    fn listen(&mut self) {
        if self.connection.ending().is_some() && !self.connection.is_half_closed() {
            return;
        }
        if !self.received.has_space() {
            self.connection.stalled();
            return;
        }
        self.wire.retry_read();
        if self.poll_fill().is_ready() {
            self.connection.stalled();
            // The reader does not know of them.
            self.wire.wake();
        } else {
            self.received.release();
        }
    }

    /// Offers the socket once more what it would not take, past the runtime's readiness. A socket tells
    /// that it has room when it has much, which may take a slow reader longer than any limit.
    pub(super) fn retry_write(&mut self) {
        while self.check_writable().is_ok() {
            let octets = IoSlice::new(self.connection.outbox().octets());
            // What a layer holds back comes first, and may be all.
            let bufs = [octets];
            let bufs = &bufs[usize::from(octets.is_empty())..];
            match self.wire.poll_retry_write(bufs) {
                Poll::Ready(Ok(0)) | Poll::Pending => return,
                Poll::Ready(Ok(written)) => self.connection.outbox().consume(written),
                Poll::Ready(Err(error)) => drop(self.write_failed(error)),
            }
        }
    }
}
