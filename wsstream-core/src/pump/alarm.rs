//! Timers of a connection. Before one gives up the peer, the socket is asked once more.

use core::task::Poll;
use std::io::{self, IoSlice};

use super::engine::Pump;
use super::{Clock, Socket};
use crate::error::{StreamError, Timeout};
use crate::time::Timestamp;

impl<S: Socket, C: Clock> Pump<S, C> {
    /// Tells the connection the time if it waits for something, and sends what results from it.
    pub(super) fn poll_time(&mut self) {
        if !self.connection.wants_time() {
            self.forget_alarm();
            return;
        }
        let mut now = self.wire.now();
        if let Some(due) = self.alarm.filter(|&alarm| alarm <= now) {
            // A starved task may get here before the runtime has polled its sockets. It polls them together with its
            // timers, so wait for the timer first.
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
                // The ping has been sent, or not: its timeout counts from now.
                next = self.tell_time(now);
            }
            // An alarm that is too early costs less than setting a new one for every octet.
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

    /// Fails if a limit of ours has ended the connection: that is no good end for a writer either.
    pub(super) fn check_limits(&self) -> io::Result<()> {
        match self.connection.timed_out() {
            Some(timeout @ (Timeout::Idle(_) | Timeout::Life(_))) => {
                Err(StreamError::TimedOut(timeout).into())
            }
            _ => Ok(()),
        }
    }

    fn forget_alarm(&mut self) {
        if self.alarm.take().is_some() {
            self.wire.forget_sleep();
        }
    }

    /// Reads from the socket once more before the peer counts as silent.
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
            // The reader does not know about these octets yet.
            self.wire.wake();
        } else {
            self.received.release();
        }
    }

    /// Tries once more to write what the socket did not take. Systems report room only when there is much of it, and a
    /// slow reader may need longer than any timeout to make so much.
    pub(super) fn retry_write(&mut self) {
        while self.check_writable().is_ok() {
            let octets = IoSlice::new(self.connection.outbox().octets());
            // Without queued octets, `bufs` is empty: only what a layer below buffers is sent.
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
