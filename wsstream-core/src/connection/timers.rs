//! Keepalive, and the waits of the closing handshake: RFC 6455 §5.5.2 and §7.1.1.
//!
//! Progress is what the *peer* has done: octets that came from it, and octets of ours that it has taken. That
//! a transport accepts octets says less, as it may hold megabytes that nobody reads; so it is asked what
//! the peer has acknowledged ([`Taken`]), and only where it cannot tell, what it accepted counts.

use alloc::boxed::Box;
use core::mem;
use core::ops::Range;
use core::time::Duration;

use super::closing::Phase;
use crate::config::{ConnectionConfig, Keepalive, Pings};
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
    /// Giving the peer up: this has not come, and nothing else has.
    GiveUp(Timeout),
    /// A keepalive ping.
    Ping,
}

/// What a connection is like when the time is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) time: Timestamp,
    /// Octets came since the last time.
    pub(super) heard: bool,
    /// How many octets of payload came, ever.
    pub(super) data: u64,
    /// Nobody has taken what came.
    pub(super) stalled: bool,
    /// How many octets the transport has accepted, ever.
    pub(super) written: u64,
    /// Something of ours waits to be accepted, or flushed.
    pub(super) waiting: bool,
    /// The transport is being shut down.
    pub(super) shutting_down: bool,
    pub(super) state: State,
}

/// What decides which limits there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Half close was agreed on: the peer may answer our Close as late as it likes.
    pub(super) half_close: bool,
    /// What comes is for nobody.
    pub(super) discarding: bool,
}

impl State {
    /// Whether the peer's Close may come as late as it likes.
    const fn is_unlimited(self) -> bool {
        self.half_close && !self.discarding
    }
}

/// When what is due, for a connection. It takes little while nothing is waited for.
#[derive(Debug)]
pub(super) struct Timers {
    /// Whether pings are sent unless the settings say otherwise.
    pub(super) pings_by_default: bool,
    /// Made when the time is first told.
    waits: Option<Box<Waits>>,
}

#[derive(Debug)]
struct Waits {
    ponged: bool,
    /// The state that the waits below belong to, and when it began.
    state: State,
    begun: Option<Timestamp>,
    /// When something was heard last, or a ping was sent after that.
    quiet: Timestamp,
    heard: Timestamp,
    /// How much payload had come at the last look, and when it last was more.
    data: u64,
    data_came: Timestamp,
    /// When the first ping since then left; or when it was queued, or more of what is before it left.
    pinged: Option<Timestamp>,
    has_left: bool,
    /// What the peer had taken when it was queued.
    pinged_at: u64,
    /// Where the newest ping lies among all octets ever sent.
    ping: Range<u64>,
    /// How many octets the transport had accepted at the last look, and how many when it was found that the
    /// peer had all of them, or that this cannot be told.
    written: u64,
    settled: Option<u64>,
    /// What the peer had taken at the last look, if that is known, and when it last took something.
    octets: Option<u64>,
    taken: Timestamp,
    /// Whether it had something to take.
    outstanding: bool,
    /// When to look again.
    look_at: Timestamp,
    /// Since when only the peer's answer is waited for.
    answer: Option<Timestamp>,
    /// When the ping was sent whose pong will tell the round-trip time.
    rtt_from: Option<Timestamp>,
    rtt: Option<Duration>,
}

impl Timers {
    pub(super) const fn new() -> Self {
        Self {
            pings_by_default: false,
            waits: None,
        }
    }

    /// Whether time matters now.
    #[inline]
    pub(super) fn wanted(
        &self,
        config: &ConnectionConfig,
        state: State,
        outstanding: impl FnOnce() -> bool,
    ) -> bool {
        let keepalive = || self.keepalive(config).is_some();
        let ponged = self.waits.as_ref().is_some_and(|waits| waits.ponged);
        ponged
            || match state.phase {
                Phase::Open | Phase::Answer => keepalive(),
                Phase::AwaitClose if state.is_unlimited() => outstanding() || keepalive(),
                Phase::AwaitClose | Phase::AwaitEnd => true,
                Phase::Over => outstanding(),
            }
    }

    /// Whether the peer may not have taken all of the octets that the transport has.
    pub(super) fn is_unsettled(&self, written: u64) -> bool {
        let waits = self.waits.as_ref();
        waits.is_none_or(|waits| waits.is_unsettled(written))
    }

    /// The pong to our newest ping has come.
    pub(super) fn ponged(&mut self) {
        if let Some(waits) = &mut self.waits {
            waits.ponged = waits.rtt_from.is_some();
        }
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.waits.as_ref()?.rtt
    }

    /// Whether the newest ping has left, when the transport has accepted `written` octets in all.
    pub(super) fn ping_has_left(&self, written: u64) -> bool {
        let waits = self.waits.as_ref();
        waits.is_none_or(|waits| waits.ping_has_left(written))
    }

    /// A ping was queued, in this place.
    pub(super) fn queued_ping(&mut self, now: Timestamp, place: Range<u64>) {
        if let Some(waits) = &mut self.waits {
            waits.ping = place;
            waits.rtt_from = Some(now);
        }
    }

    #[inline]
    fn keepalive(&self, config: &ConnectionConfig) -> Option<Keepalive> {
        match config.keepalive {
            Pings::On(keepalive) => Some(keepalive),
            Pings::Unsaid if self.pings_by_default => Some(Keepalive::DEFAULT),
            Pings::Off | Pings::Unsaid => None,
        }
    }

    /// Tells what is due, or when something will be. `look` asks the transport, which costs a system call.
    pub(super) fn poll(
        &mut self,
        now: Now,
        config: &ConnectionConfig,
        look: &mut dyn FnMut() -> Option<Taken>,
    ) -> Result<Option<Timestamp>, Due> {
        let keepalive = self.keepalive(config);
        let waits = self
            .waits
            .get_or_insert_with(|| Box::new(Waits::new(now.state)));
        waits.note(&now);
        let ping = match keepalive {
            Some(keepalive) => waits.poll_pings(&now, keepalive, look)?,
            None => None,
        };
        let close = waits.poll_close(&now, config, look)?;
        Ok(ping.into_iter().chain(close).min())
    }
}

impl Waits {
    const fn new(state: State) -> Self {
        Self {
            ponged: false,
            state,
            begun: None,
            quiet: Timestamp::ORIGIN,
            heard: Timestamp::ORIGIN,
            data: 0,
            data_came: Timestamp::ORIGIN,
            pinged: None,
            has_left: false,
            pinged_at: 0,
            ping: 0..0,
            written: 0,
            settled: None,
            octets: None,
            taken: Timestamp::ORIGIN,
            outstanding: false,
            look_at: Timestamp::ORIGIN,
            answer: None,
            rtt_from: None,
            rtt: None,
        }
    }

    fn is_unsettled(&self, written: u64) -> bool {
        self.settled != Some(written)
    }

    const fn ping_has_left(&self, written: u64) -> bool {
        self.ping.end <= written
    }

    /// What has happened since the last time.
    fn note(&mut self, now: &Now) {
        if mem::take(&mut self.ponged)
            && let Some(sent) = self.rtt_from.take()
        {
            self.rtt = Some(now.time - sent);
        }
        let first = self.begun.is_none();
        if first || self.state != now.state {
            // Discarding waits once for all that is still to come.
            if !self.state.discarding || !now.state.discarding {
                self.answer = None;
            }
            self.state = now.state;
            self.begun = Some(now.time);
            self.taken = now.time;
            self.look_at = now.time;
        }
        if now.data > self.data || now.stalled || first {
            (self.data, self.data_came) = (now.data, now.time);
        }
        if now.heard || first {
            self.heard = now.time;
            self.quiet = now.time;
            self.pinged = None;
        }
        if now.written > self.written {
            if self.pinged.is_some() && !self.has_left {
                self.pinged = Some(now.time);
                self.has_left = self.ping_has_left(now.written);
            }
            // Where it had everything, it is not late with this.
            if self.octets.is_none() || !self.is_unsettled(self.written) {
                self.taken = now.time;
            }
            self.written = now.written;
        }
    }

    /// Asks the transport, and tells whether the peer is known to have something still to take.
    fn look(&mut self, now: &Now, look: &mut dyn FnMut() -> Option<Taken>) -> bool {
        let Some(taken) = look() else {
            self.settled = Some(now.written);
            return false;
        };
        if self.octets.is_none_or(|before| taken.octets > before) {
            self.octets = Some(taken.octets);
            self.taken = now.time;
        }
        if taken.all {
            self.settled = Some(now.written);
        }
        !taken.all
    }

    fn poll_pings(
        &mut self,
        now: &Now,
        keepalive: Keepalive,
        look: &mut dyn FnMut() -> Option<Taken>,
    ) -> Result<Option<Timestamp>, Due> {
        if matches!(now.state.phase, Phase::AwaitEnd | Phase::Over) {
            return Ok(None);
        }
        let mut deadline = self.quiet + keepalive.interval;
        if let Some(pinged) = self.pinged {
            let mut unanswered = pinged + keepalive.unanswered;
            if now.time >= unanswered {
                // A slow reader may not have come to the ping: there is much before it.
                let is_reading = self.octets.is_some() && self.look(now, look);
                let taken = self.octets.unwrap_or_default() - self.pinged_at;
                unanswered = self.taken + keepalive.timeout;
                if !is_reading || taken >= HELD || now.time >= unanswered {
                    return Err(Due::GiveUp(Timeout::Keepalive(keepalive.unanswered)));
                }
            }
            let mut untaken = self.taken.max(pinged) + keepalive.timeout;
            if now.time >= untaken && self.octets.is_some() {
                if !self.look(now, look) {
                    // It has the ping: it may answer late.
                    untaken = unanswered;
                } else if now.time >= self.taken.max(pinged) + keepalive.timeout {
                    return Err(Due::GiveUp(Timeout::Keepalive(keepalive.timeout)));
                } else {
                    untaken = self.taken + keepalive.timeout;
                }
            }
            if self.octets.is_some() {
                deadline = deadline.min(untaken);
            }
            deadline = deadline.min(unanswered);
        }
        if now.time >= self.quiet + keepalive.interval {
            self.quiet = now.time;
            if self.pinged.is_none() {
                (self.pinged, self.has_left) = (Some(now.time), false);
                // From here on it is seen whether it takes anything.
                self.look(now, look);
                self.pinged_at = self.octets.unwrap_or_default();
            }
            return Err(Due::Ping);
        }
        Ok(Some(deadline))
    }

    fn poll_close(
        &mut self,
        now: &Now,
        config: &ConnectionConfig,
        look: &mut dyn FnMut() -> Option<Taken>,
    ) -> Result<Option<Timestamp>, Due> {
        let State {
            phase, discarding, ..
        } = now.state;
        let begun = self.begun.unwrap_or(now.time);
        if matches!(phase, Phase::Open | Phase::Answer) {
            return Ok(None);
        }
        if self.answer.is_none() {
            if now.time >= self.look_at && self.is_unsettled(now.written) && self.look(now, look) {
                self.look_at = now.time + ((now.time - begun) / 2).clamp(SOON, LATER);
            }
            let unsettled = self.is_unsettled(now.written);
            let was_outstanding = mem::replace(&mut self.outstanding, now.waiting || unsettled);
            if self.outstanding {
                if !was_outstanding {
                    // Until now there was nothing that it could have taken.
                    self.taken = now.time;
                }
                let mut progress = self.taken;
                if phase == Phase::AwaitClose && !discarding {
                    // It may say all it has to say before it takes anything.
                    progress = progress.max(self.heard);
                }
                let deadline = progress + config.progress_timeout;
                if now.time >= deadline {
                    return Err(Due::GiveUp(Timeout::Progress(config.progress_timeout)));
                }
                let next = if unsettled { self.look_at } else { deadline };
                return Ok(Some(next.min(deadline)));
            }
        }
        if phase == Phase::Over && !now.shutting_down {
            return Ok(None);
        }
        if phase == Phase::AwaitClose && now.state.is_unlimited() {
            return Ok(None);
        }
        // From here on pongs that it has to take buy it no time, nor does what follows its Close, §5.5.1.
        let answer = self.answer.get_or_insert(now.time);
        if phase == Phase::AwaitClose && !discarding {
            *answer = (*answer).max(self.data_came);
        }
        let deadline = *answer + config.close_timeout;
        if now.time >= deadline {
            return Err(Due::GiveUp(Timeout::Close(config.close_timeout)));
        }
        Ok(Some(deadline))
    }
}

/// The most that systems let a socket hold for an application that does not read, or a little more.
const HELD: u64 = 8 << 20;

/// How soon a transport is asked again whether the peer has taken everything: no event tells.
const SOON: Duration = Duration::from_millis(10);
const LATER: Duration = Duration::from_secs(1);
