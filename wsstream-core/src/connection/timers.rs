//! Keepalive, the limits of an open connection, and the timeouts of the closing handshake: RFC 6455
//! §5.5.2 and §7.1.1.
//!
//! Progress means what the *peer* does: it sends octets, or takes octets of ours. An octet that the
//! transport has accepted proves little, because a transport may hold megabytes that nobody reads. So
//! the timers ask the transport how much the peer has acknowledged ([`Taken`]). Only if it cannot tell,
//! they count the octets that it has accepted.

use alloc::boxed::Box;
use core::mem;
use core::time::Duration;

use super::closing::Phase;
use crate::config::{ConnectionConfig, Keepalive, Pings};
use crate::error::Timeout;
use crate::time::Timestamp;

/// How much the peer has taken of the octets written to a transport.
///
/// The transport may hold megabytes that nobody reads, so this counts only octets that have left it and
/// were acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "how much, and whether that is all"
)]
pub struct Taken {
    /// Octets acknowledged so far, counted below all layers, from any starting point. Only their growth
    /// matters.
    pub octets: u64,
    /// Whether all octets were acknowledged.
    pub all: bool,
}

/// The next action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Give the peer up: this timeout ran out.
    GiveUp(Timeout),
    /// Close the connection: this limit of ours was reached.
    Limit(Timeout),
    /// Send a keepalive ping.
    Ping,
}

/// The state of a connection at a point in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) time: Timestamp,
    /// Octets arrived since the last time.
    pub(super) heard: bool,
    /// Total payload octets received.
    pub(super) data: u64,
    /// Total payload octets queued or sent.
    pub(super) sent: u64,
    /// Nobody has taken the received octets.
    pub(super) stalled: bool,
    /// Total octets that the transport has accepted.
    pub(super) written: u64,
    /// Octets of ours wait to be accepted or flushed.
    pub(super) waiting: bool,
    /// The transport is being shut down.
    pub(super) shutting_down: bool,
    pub(super) state: State,
}

/// The state that determines the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) phase: Phase,
    /// Half close was agreed on, so the peer may answer our Close at any time.
    pub(super) half_close: bool,
    /// Incoming data is thrown away.
    pub(super) discarding: bool,
    /// Pings are sent unless the settings say otherwise.
    pub(super) pings_by_default: bool,
}

impl State {
    /// Whether the peer's Close has no time limit.
    const fn is_unlimited(self) -> bool {
        self.half_close && !self.discarding
    }

    #[inline]
    const fn keepalive(self, config: &ConnectionConfig) -> Option<Keepalive> {
        match config.keepalive {
            Pings::On(keepalive) => Some(keepalive),
            Pings::Unsaid if self.pings_by_default => Some(Keepalive::DEFAULT),
            Pings::Off | Pings::Unsaid => None,
        }
    }
}

/// The timers of a connection. They take little memory while nothing is awaited.
#[derive(Debug)]
pub(super) struct Timers {
    /// Allocated when the time is first told.
    waits: Option<Box<Waits>>,
}

#[derive(Debug)]
struct Waits {
    ponged: bool,
    /// The state that the waits below belong to, and when it began.
    state: State,
    begun: Option<Timestamp>,
    /// When an octet last arrived, or a ping was sent after that.
    quiet: Timestamp,
    heard: Timestamp,
    /// The payload received at the last look, and when it last grew.
    data: u64,
    data_came: Timestamp,
    /// The payload sent at the last look; when payload last went either way, and when the time was first told.
    sent: u64,
    active: Timestamp,
    opened: Timestamp,
    /// When the first ping since then was written; until that, when it was queued or octets before it
    /// were written.
    pinged: Option<Timestamp>,
    has_left: bool,
    /// How much the peer had taken when the ping was queued.
    pinged_at: u64,
    /// The end of the newest ping among all octets ever sent.
    ping: u64,
    /// How many octets the transport had accepted at the last look; and how many when the peer was
    /// found to have all of them, or when this could not be told.
    written: u64,
    settled: Option<u64>,
    /// How much the peer had taken at the last look, if known, and when it last took some.
    octets: Option<u64>,
    taken: Timestamp,
    /// Whether the peer had something to take.
    outstanding: bool,
    /// When to look again.
    look_at: Timestamp,
    /// Since when only the peer's answer is awaited.
    answer: Option<Timestamp>,
    /// When the ping was sent whose pong gives the round-trip time.
    rtt_from: Option<Timestamp>,
    rtt: Option<Duration>,
}

impl Timers {
    pub(super) const fn new() -> Self {
        Self { waits: None }
    }

    /// Whether time matters now.
    #[inline]
    pub(super) fn wanted(
        &self,
        config: &ConnectionConfig,
        state: State,
        outstanding: impl FnOnce() -> bool,
    ) -> bool {
        let is_timed = || state.keepalive(config).is_some() || config.limits_time();
        let ponged = self.waits.as_ref().is_some_and(|waits| waits.ponged);
        ponged
            || match state.phase {
                Phase::Open | Phase::Answer => is_timed(),
                Phase::AwaitClose if state.is_unlimited() => outstanding() || is_timed(),
                Phase::AwaitClose | Phase::AwaitEnd => true,
                Phase::Over => outstanding(),
            }
    }

    /// Whether the peer may not have taken all octets that the transport has accepted.
    pub(super) fn is_unsettled(&self, written: u64) -> bool {
        let waits = self.waits.as_ref();
        waits.is_none_or(|waits| waits.is_unsettled(written))
    }

    /// Reports the pong to our newest ping.
    pub(super) fn ponged(&mut self) {
        if let Some(waits) = &mut self.waits {
            waits.ponged = waits.rtt_from.is_some();
        }
    }

    pub(super) fn rtt(&self) -> Option<Duration> {
        self.waits.as_ref()?.rtt
    }

    /// Whether the newest ping has been written, when the transport has accepted `written` octets in
    /// total.
    pub(super) fn ping_has_left(&self, written: u64) -> bool {
        let waits = self.waits.as_ref();
        waits.is_none_or(|waits| waits.ping_has_left(written))
    }

    /// Reports that a ping was queued, and where it ends.
    pub(super) fn queued_ping(&mut self, now: Timestamp, end: u64) {
        if let Some(waits) = &mut self.waits {
            waits.ping = end;
            waits.rtt_from = Some(now);
        }
    }

    /// Returns what is due, or when something will be. `look` asks the transport, which costs a system
    /// call.
    pub(super) fn poll(
        &mut self,
        now: Now,
        config: &ConnectionConfig,
        look: &mut dyn FnMut() -> Option<Taken>,
    ) -> Result<Option<Timestamp>, Due> {
        let keepalive = now.state.keepalive(config);
        let waits = self
            .waits
            .get_or_insert_with(|| Box::new(Waits::new(now.state)));
        waits.note(&now);
        let limit = waits.poll_limits(&now, config, look)?;
        let ping = match keepalive {
            Some(keepalive) => waits.poll_pings(&now, keepalive, look)?,
            None => None,
        };
        let close = waits.poll_close(&now, config, look)?;
        Ok([limit, ping, close].into_iter().flatten().min())
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
            sent: 0,
            active: Timestamp::ORIGIN,
            opened: Timestamp::ORIGIN,
            pinged: None,
            has_left: false,
            pinged_at: 0,
            ping: 0,
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
        self.ping <= written
    }

    /// Records what has happened since the last time.
    fn note(&mut self, now: &Now) {
        if mem::take(&mut self.ponged)
            && let Some(sent) = self.rtt_from.take()
        {
            self.rtt = Some(now.time - sent);
        }
        let first = self.begun.is_none();
        if first || self.state != now.state {
            // While discarding, one timeout covers everything that is still to come.
            if !self.state.discarding || !now.state.discarding {
                self.answer = None;
            }
            self.state = now.state;
            self.begun = Some(now.time);
            self.taken = now.time;
            self.look_at = now.time;
        }
        if first {
            self.opened = now.time;
        }
        if now.data > self.data || now.sent > self.sent || first {
            (self.sent, self.active) = (now.sent, now.time);
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
            // If the peer had everything before, its time to take this starts now.
            if self.octets.is_none() || !self.is_unsettled(self.written) {
                self.taken = now.time;
            }
            self.written = now.written;
        }
    }

    /// Asks the transport. Returns whether the peer is known to have something left to take.
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

    /// The limits of an open connection. One that is closing has others.
    fn poll_limits(
        &mut self,
        now: &Now,
        config: &ConnectionConfig,
        look: &mut dyn FnMut() -> Option<Taken>,
    ) -> Result<Option<Timestamp>, Due> {
        if now.state.discarding || matches!(now.state.phase, Phase::AwaitEnd | Phase::Over) {
            return Ok(None);
        }
        if let Some(limit) = config.idle_timeout
            && now.time >= self.active + limit
            && (self.look(now, look) || now.waiting)
        {
            // The peer is slow to take what was sent before.
            self.active = self.active.max(self.taken);
        }
        let idle = config.idle_timeout;
        let idle = idle.map(|limit| (self.active + limit, Timeout::Idle(limit)));
        let life = config.max_lifetime;
        let life = life.map(|limit| (self.opened + limit, Timeout::Life(limit)));
        let mut next = None;
        for (deadline, timeout) in life.into_iter().chain(idle) {
            if now.time >= deadline {
                return Err(Due::Limit(timeout));
            }
            next = next.into_iter().chain([deadline]).min();
        }
        Ok(next)
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
                // A slow reader may not have reached the ping, with much data before it.
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
                    // The peer has the ping, and may answer late.
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
                // From here on, check whether the peer takes anything.
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
                    // Until now the peer had nothing to take.
                    self.taken = now.time;
                }
                let mut progress = self.taken;
                if phase == Phase::AwaitClose && !discarding {
                    // The peer may finish sending before it takes anything.
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
        // From here on, neither pongs that the peer has to take, nor anything after its Close, extend
        // its time, §5.5.1.
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

/// Slightly more than systems let a socket hold for an application that does not read.
const HELD: u64 = 8 << 20;

/// How soon to ask a transport again whether the peer has taken everything. There is no event for it.
const SOON: Duration = Duration::from_millis(10);
const LATER: Duration = Duration::from_secs(1);
