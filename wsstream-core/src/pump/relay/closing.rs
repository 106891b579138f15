//! How an end of a relay is closed.

use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::io;

use super::direction::Direction;
use crate::close::CloseCode;
use crate::pump::{Clock, RelayEnd};
use crate::time::Timestamp;

/// The closing of one end, once nothing more is carried.
#[derive(Debug)]
pub(super) struct Closing {
    code: CloseCode,
    pub(super) is_closed: bool,
    /// Whether the peer has not ended by itself, and may never do so.
    is_open: bool,
    /// Whether reading from the end has failed, or writing to it. The peer may never take what is left.
    has_failed: bool,
    /// Since when the peer has had everything, and only its end is awaited.
    since: Option<Timestamp>,
    /// When to look at the end again.
    pub(super) ask_at: Option<Timestamp>,
}

impl Closing {
    /// The closing of the end to which `to` leads, and from which `from` comes.
    pub(super) const fn new(to: &Direction, from: &Direction, read_failed: bool) -> Self {
        Self {
            code: to.code(from),
            is_closed: false,
            is_open: !from.source_ended(),
            has_failed: read_failed || to.has_write_failed(),
            since: None,
            ask_at: None,
        }
    }

    /// Closes the end. Gives its result once, when it is closed.
    pub(super) fn poll(
        &mut self,
        end: &mut (impl RelayEnd + ?Sized),
        clock: &impl Clock,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_closed {
            return Poll::Pending;
        }
        let mut closed = end.poll_close(cx, self.code);
        if closed.is_pending() && (self.is_open || self.has_failed) {
            let now = clock.now();
            if self.has_failed || end.taken().is_none_or(|taken| taken.all) {
                self.since.get_or_insert(now);
            }
            let ask_at = self.since.map_or(now + LOOK, |since| since + ANSWER);
            self.ask_at = Some(ask_at);
            if now >= ask_at {
                self.end(end);
                closed = Poll::Ready(Ok(()));
            }
        }
        if closed.is_ready() {
            (self.is_closed, self.ask_at) = (true, None);
        }
        closed
    }

    /// Ends the closing. The peer is told at least whether something is missing.
    pub(super) fn end(&mut self, end: &mut (impl RelayEnd + ?Sized)) {
        if !self.is_closed && self.code != CloseCode::NORMAL {
            let cx = &mut Context::from_waker(Waker::noop());
            let _ = end.poll_close(cx, CloseCode::GOING_AWAY);
        }
        self.is_closed = true;
        self.ask_at = None;
    }
}

/// How long a peer may take to end by itself, once it has taken everything. Until then what it sends is discarded. A
/// longer time would only keep a sender busy that nobody listens to.
const ANSWER: Duration = Duration::from_secs(2);

/// The interval between questions to an end about what its peer has taken.
const LOOK: Duration = Duration::from_millis(100);
