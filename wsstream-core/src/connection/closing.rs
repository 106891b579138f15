//! The closing handshake as a table: RFC 6455 §5.5.1, §7.1 and §7.2.
//!
//! This module decides how a connection ends, from what was sent and received.

use alloc::boxed::Box;

use crate::close::Close;
use crate::error::{StreamError, Timeout};
use crate::protocol_error::ProtocolError;
use crate::role::Role;

/// Which end sent the first Close.
///
/// ```
/// # use wsstream_core::ClosedBy;
/// fn tell(closed_by: Option<ClosedBy>) -> &'static str {
///     match closed_by {
///         Some(ClosedBy::Us) => "we ended it",
///         Some(ClosedBy::Peer) => "the peer ended it",
///         None => "it is open, or was cut off",
///     }
/// }
/// # assert_eq!(tell(None), "it is open, or was cut off");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a connection has two ends")]
pub enum ClosedBy {
    /// This end.
    Us,
    /// The other end.
    Peer,
}

/// How far the peer has ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Received {
    Nothing,
    Close,
    /// The peer broke the protocol, so what follows cannot be trusted.
    Violation(ProtocolError),
}

/// The state of the closing handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Messages can go both ways.
    Open,
    /// The peer has closed with half close; we answer when our writer has ended.
    Answer,
    /// We have closed, and wait for the peer's Close.
    AwaitClose,
    /// Both have closed, or the connection failed. The peer should end the transport soon.
    AwaitEnd,
    /// The transport can be dropped.
    Over,
}

/// How far both directions have ended.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) role: Role,
    received: Received,
    /// The peer's Close came inside a message.
    unfinished: bool,
    /// The transport gives no more octets.
    eof: bool,
    /// The timeout that ran out.
    timed_out: Option<Timeout>,
    /// Both Closes, and which came first.
    sent_close: Option<Box<Sent>>,
    received_close: Option<Box<Close>>,
    closed_by: Option<ClosedBy>,
}

/// Our Close, its end position among all octets ever sent, and the limit of ours that it tells of.
#[derive(Debug)]
struct Sent {
    close: Close,
    end: u64,
    limit: Option<Timeout>,
}

impl Closing {
    pub(super) const fn new(role: Role) -> Self {
        Self {
            role,
            received: Received::Nothing,
            unfinished: false,
            eof: false,
            timed_out: None,
            sent_close: None,
            received_close: None,
            closed_by: None,
        }
    }

    #[inline]
    pub(super) fn phase(&self) -> Phase {
        next(
            self.role,
            self.sent_close.is_some(),
            self.received,
            self.eof || self.timed_out.is_some(),
        )
    }

    /// Whether messages may be sent: until our own Close, §5.5.1.
    #[inline]
    pub(super) fn can_send(&self) -> bool {
        self.sent_close.is_none() && matches!(self.phase(), Phase::Open | Phase::Answer)
    }

    /// Whether incoming frames are read: until the peer's Close, §5.5.1, or its fault, §7.1.7. Frames
    /// that arrived before the transport ended, or before the peer was given up, still count.
    #[inline]
    pub(super) const fn can_receive(&self) -> bool {
        matches!(self.received, Received::Nothing)
    }

    /// Whether pings are answered: until both ends have closed, §5.5.2. A peer that has closed and
    /// waits for our Close may still check whether we are alive.
    pub(super) fn can_answer(&self) -> bool {
        matches!(
            self.phase(),
            Phase::Open | Phase::Answer | Phase::AwaitClose
        )
    }

    /// Whether to shut down the transport's write side once everything is written. A server does so
    /// first, §7.1.1; a client does so only if it failed the connection.
    #[inline]
    pub(super) fn wants_shutdown(&self) -> bool {
        match self.phase() {
            Phase::Over => true,
            Phase::AwaitEnd => matches!(self.received, Received::Violation(_)),
            _ => false,
        }
    }

    /// How the connection ended, once nothing is left to receive.
    #[inline]
    pub(super) fn ending(&self) -> Option<Result<(), StreamError>> {
        match (self.received, &self.received_close) {
            (Received::Violation(error), _) => Some(Err(StreamError::Protocol(error))),
            (_, Some(close)) if close.is_normal() || self.is_answer(close) => {
                // §5.4: only a final fragment ends a message.
                Some(match self.cut_by() {
                    // The peer answers our Close, and may have had more to send.
                    Some(limit) => Err(StreamError::TimedOut(limit)),
                    None if self.unfinished => Err(StreamError::Unfinished),
                    None => Ok(()),
                })
            }
            (_, Some(close)) => Some(Err(StreamError::Closed(Close::clone(close)))),
            (_, None) if self.eof && self.cut_by().is_none() => Some(Err(StreamError::Truncated)),
            (_, None) if !self.eof && self.timed_out.is_none() => None,
            (_, None) => self
                .timed_out()
                .map(|timeout| Err(StreamError::TimedOut(timeout))),
        }
    }

    /// The limit of ours that has cut the peer off.
    fn cut_by(&self) -> Option<Timeout> {
        self.limit()
            .filter(|_| self.closed_by == Some(ClosedBy::Us))
    }

    /// §5.5.1: an answer typically echoes the code of our Close, so the code is not the peer's own.
    fn is_answer(&self, close: &Close) -> bool {
        let ours = self.sent_close.as_ref();
        self.closed_by == Some(ClosedBy::Us)
            && ours.is_some_and(|ours| ours.close.code() == close.code())
    }

    pub(super) fn sent(&mut self, close: Close, end: u64) {
        self.closed_by.get_or_insert(ClosedBy::Us);
        let limit = None;
        self.sent_close = Some(Box::new(Sent { close, end, limit }));
    }

    /// Our Close tells of this limit of ours.
    pub(super) fn limited(&mut self, timeout: Timeout) {
        if let Some(sent) = &mut self.sent_close {
            sent.limit = Some(timeout);
        }
    }

    pub(super) fn limit(&self) -> Option<Timeout> {
        self.sent_close.as_ref()?.limit
    }

    /// What ran out first.
    pub(super) fn timed_out(&self) -> Option<Timeout> {
        self.limit().or(self.timed_out)
    }

    /// Whether our Close has been written, when the transport has accepted `written` octets in total.
    /// Only pings and pongs can follow it.
    pub(super) fn close_has_left(&self, written: u64) -> bool {
        self.sent_close
            .as_ref()
            .is_some_and(|sent| sent.end <= written)
    }

    pub(super) fn received(&mut self, close: Close, unfinished: bool) {
        self.unfinished = unfinished;
        self.closed_by.get_or_insert(ClosedBy::Peer);
        self.received = Received::Close;
        self.received_close = Some(Box::new(close));
    }

    pub(super) const fn violated(&mut self, error: ProtocolError) {
        self.received = Received::Violation(error);
    }

    pub(super) const fn ended(&mut self) {
        self.eof = true;
    }

    pub(super) const fn has_ended(&self) -> bool {
        self.eof
    }

    pub(super) const fn has_given_up(&self) -> bool {
        self.timed_out.is_some()
    }

    pub(super) const fn given_up(&self) -> Option<Timeout> {
        self.timed_out
    }

    pub(super) const fn give_up(&mut self, waiting_for: Timeout) {
        self.timed_out = Some(waiting_for);
    }

    pub(super) fn received_close(&self) -> Option<&Close> {
        self.received_close.as_deref()
    }

    pub(super) fn sent_close(&self) -> Option<&Close> {
        self.sent_close.as_ref().map(|sent| &sent.close)
    }

    pub(super) const fn closed_by(&self) -> Option<ClosedBy> {
        self.closed_by
    }
}

/// The table.
#[inline]
fn next(role: Role, sent: bool, received: Received, ended: bool) -> Phase {
    match (sent, received, ended) {
        (_, _, true) => Phase::Over,
        (false, Received::Nothing, false) => Phase::Open,
        // `Connection` decides whether the answer is due at once.
        (false, Received::Close, false) => Phase::Answer,
        (true, Received::Nothing, false) => Phase::AwaitClose,
        // §7.1.1: the server ends TCP first, so that it holds the TIME_WAIT state. A client waits for
        // that.
        (true, Received::Close, false) => match role {
            Role::Server => Phase::Over,
            Role::Client => Phase::AwaitEnd,
        },
        // §7.1.7: ignore further input, but read it. Closing TCP with unread octets resets it, and the
        // reset could destroy our Close.
        (_, Received::Violation(_), false) => Phase::AwaitEnd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All rows: what we sent, what we received, whether the transport has ended.
    #[test]
    fn s7_1_the_closing_table() {
        use Phase::*;
        const BAD: Received = Received::Violation(ProtocolError::Masked);
        let table = [
            // sent, received, ended, as a server, as a client
            (false, Received::Nothing, false, Open, Open),
            (false, Received::Nothing, true, Over, Over),
            (false, Received::Close, false, Answer, Answer),
            (false, Received::Close, true, Over, Over),
            (false, BAD, false, AwaitEnd, AwaitEnd),
            (false, BAD, true, Over, Over),
            (true, Received::Nothing, false, AwaitClose, AwaitClose),
            (true, Received::Nothing, true, Over, Over),
            (true, Received::Close, false, Over, AwaitEnd),
            (true, Received::Close, true, Over, Over),
            (true, BAD, false, AwaitEnd, AwaitEnd),
            (true, BAD, true, Over, Over),
        ];
        for (sent, received, ended, server, client) in table {
            let row = (sent, received, ended);
            assert_eq!(next(Role::Server, sent, received, ended), server, "{row:?}");
            assert_eq!(next(Role::Client, sent, received, ended), client, "{row:?}");
        }
    }
}
