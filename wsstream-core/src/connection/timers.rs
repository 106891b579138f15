//! Keepalive and the waits of the closing handshake, by progress: RFC 6455 §5.5.2 and §7.1.1.
//!
//! Progress is any octet that came from the peer or was taken by the transport, but for the octets of
//! a keepalive ping, which a transport takes whether the peer lives or not. Only the time between two
//! calls of [`Connection::poll_time`](super::Connection::poll_time) is seen, which errs on the peer's
//! side.

use core::mem;
use core::ops::Range;
use core::time::Duration;

use super::closing::Phase;
use crate::config::Config;
use crate::error::Timeout;
use crate::time::Timestamp;

/// What the peer has taken of what was written to a transport.
///
/// That the transport took octets says little: it may hold megabytes that nobody reads. This is about what
/// has left it, and was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "how much, and whether that is all"
)]
pub struct Taken {
    /// Octets that were acknowledged so far, counted at the bottom of all layers, from anywhere: only
    /// that they grow counts.
    pub octets: u64,
    /// Whether nothing is left that was not acknowledged.
    pub all: bool,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The answer to the peer's Close: our writer has not written for too long.
    Answer,
    /// Giving the peer up: this has not come, and nothing else has.
    GiveUp(Timeout),
    /// A keepalive ping.
    Ping,
}

#[derive(Debug)]
pub(super) struct Timers {
    /// The last time that something had moved, or a phase had begun.
    since: Option<Timestamp>,
    phase: Phase,
    /// When the keepalive ping that waits for a sign of life was sent.
    pinged: Option<Timestamp>,
    /// Where the newest ping lies among all octets ever sent, and how many of them the transport had
    /// taken when the time was last told.
    ping: Range<u64>,
    written: u64,
    /// When the ping was sent whose pong will tell the round-trip time.
    rtt_from: Option<Timestamp>,
    rtt: Option<Duration>,
    ponged: bool,
}

impl Timers {
    pub(super) const fn new() -> Self {
        Self {
            since: None,
            phase: Phase::Open,
            pinged: None,
            ping: 0..0,
            written: 0,
            rtt_from: None,
            rtt: None,
            ponged: false,
        }
    }

    /// Whether time matters now.
    #[inline]
    pub(super) fn wanted(&self, config: &Config, phase: Phase, waiting: bool) -> bool {
        self.ponged || patience(config, phase, waiting).is_some()
    }

    /// The pong to our newest ping has come.
    pub(super) const fn ponged(&mut self) {
        self.ponged = self.rtt_from.is_some();
    }

    pub(super) const fn rtt(&self) -> Option<Duration> {
        self.rtt
    }

    /// Whether the newest ping has left, when the transport has taken `written` octets in all.
    pub(super) const fn ping_has_left(&self, written: u64) -> bool {
        self.ping.end <= written
    }

    /// A ping was queued, in this place.
    pub(super) const fn queued_ping(&mut self, now: Timestamp, place: Range<u64>) {
        self.ping = place;
        self.rtt_from = Some(now);
    }

    /// Whether anything has moved since the last call that counts in this phase.
    fn progress(&mut self, heard: bool, written: u64, phase: Phase) -> bool {
        let before = mem::replace(&mut self.written, written);
        let only_ping = self.ping.start <= before && written <= self.ping.end;
        // §5.5.1: what follows the peer's Close is ignored, and buys it no time.
        let listening = matches!(phase, Phase::Open | Phase::AwaitClose);
        (written > before && !only_ping) || (heard && listening)
    }

    /// Tells what is due at `now`, or when something will be.
    pub(super) fn poll(
        &mut self,
        now: Timestamp,
        (heard, written): (bool, u64),
        config: &Config,
        phase: Phase,
        waiting: bool,
    ) -> Result<Option<Timestamp>, Due> {
        if mem::take(&mut self.ponged)
            && let Some(sent) = self.rtt_from.take()
        {
            self.rtt = Some(now - sent);
        }
        if self.progress(heard, written, phase) || self.phase != phase {
            self.since = Some(now);
            self.pinged = None;
            self.phase = phase;
        }
        let since = *self.since.get_or_insert(now);
        let Some(patience) = patience(config, phase, waiting) else {
            return Ok(None);
        };
        let deadline = match (self.pinged, config.keepalive) {
            (Some(pinged), Some(keepalive)) => pinged + keepalive.timeout,
            _ => since + patience,
        };
        if now < deadline {
            return Ok(Some(deadline));
        }
        Err(match phase {
            Phase::Open if self.pinged.is_some() => Due::GiveUp(Timeout::Keepalive),
            Phase::Open => {
                self.pinged = Some(now);
                Due::Ping
            }
            Phase::Answer => Due::Answer,
            Phase::AwaitClose | Phase::AwaitEnd | Phase::Over => Due::GiveUp(Timeout::Close),
        })
    }
}

/// How long a phase may last without progress. `waiting` tells that the outbox is not empty.
#[inline]
fn patience(config: &Config, phase: Phase, waiting: bool) -> Option<Duration> {
    match phase {
        Phase::Open => config.keepalive.map(|keepalive| keepalive.interval),
        // The peer may take a close timeout of its own to answer: half close is not ours alone.
        Phase::AwaitClose if config.half_close => Some(config.close_timeout.saturating_mul(2)),
        Phase::Answer | Phase::AwaitClose | Phase::AwaitEnd => Some(config.close_timeout),
        Phase::Over => waiting.then_some(config.close_timeout),
    }
}
