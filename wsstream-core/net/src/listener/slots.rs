//! Who holds the slots for handshakes, and who has to go when they are needed.
//!
//! Times go in and decisions come out: nothing here waits.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use wsstream_core::Timestamp;

use crate::descriptor::EndpointAddress;

/// How old a handshake has to be before it can lose its slot: enough for an honest client far away.
pub(super) const MIN_AGE: Duration = Duration::from_secs(1);

/// Where a connection comes from, as far as slots are concerned: one user, or many behind one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    V4(Ipv4Addr),
    /// The first 64 bits: who has an IPv6 address has them all.
    V6([u16; 4]),
    /// All peers over Unix sockets. They have no names.
    Unix,
}

impl Source {
    pub(super) fn of(peer: &EndpointAddress) -> Self {
        let Some(tcp) = peer.tcp() else {
            return Self::Unix;
        };
        // A listener on `::` sees IPv4 addresses inside IPv6 ones.
        match tcp.ip().to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(ip) => ip.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{}/64", Ipv6Addr::new(*a, *b, *c, *d, 0, 0, 0, 0)),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// A handshake. An older one is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    begun: Timestamp,
    /// Tells those that began at the same time apart.
    number: u64,
}

/// The handshakes under way, each with the means to end it.
///
/// Everything costs the logarithm of their number. Only while those who hold the most have young handshakes alone, an
/// eviction looks at those who hold less, one after the other.
#[derive(Debug)]
pub(super) struct Slots<H> {
    issued: u64,
    handshakes: BTreeMap<Ticket, (Source, H)>,
    sources: HashMap<Source, BTreeSet<Ticket>>,
    /// The number and the oldest of each source's handshakes. Last is the most, and among equals the oldest.
    ranks: BTreeSet<(usize, Reverse<Ticket>)>,
}

impl<H> Slots<H> {
    pub(super) fn new() -> Self {
        Self {
            issued: 0,
            handshakes: BTreeMap::new(),
            sources: HashMap::new(),
            ranks: BTreeSet::new(),
        }
    }

    pub(super) fn taken(&self) -> usize {
        self.handshakes.len()
    }

    /// When the oldest handshake began.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.handshakes.keys().next().map(|ticket| ticket.begun)
    }

    /// A ticket for a handshake that begins now. Time must not go backwards.
    pub(super) const fn issue(&mut self, now: Timestamp) -> Ticket {
        self.issued += 1;
        Ticket {
            begun: now,
            number: self.issued,
        }
    }

    /// Takes a slot.
    pub(super) fn take(&mut self, ticket: Ticket, source: Source, handshake: H) {
        self.handshakes.insert(ticket, (source, handshake));
        self.change(source, |tickets| tickets.insert(ticket));
    }

    /// Gives the slot back. `None` if the handshake was evicted before.
    pub(super) fn give_back(&mut self, ticket: Ticket) -> Option<(Source, H)> {
        let (source, handshake) = self.handshakes.remove(&ticket)?;
        self.change(source, |tickets| tickets.remove(&ticket));
        Some((source, handshake))
    }

    /// Takes a slot away: of the sources with a handshake that is old enough, the one that holds the most loses its
    /// oldest.
    pub(super) fn evict(&mut self, now: Timestamp) -> Option<(Source, H)> {
        let oldest = self.ranks.iter().rev().map(|(_, Reverse(oldest))| *oldest);
        let ticket = oldest
            .into_iter()
            .find(|ticket| ticket.begun + MIN_AGE <= now)?;
        self.give_back(ticket)
    }

    fn change(&mut self, source: Source, change: impl FnOnce(&mut BTreeSet<Ticket>) -> bool) {
        let tickets = self.sources.entry(source).or_default();
        if let Some(rank) = rank(tickets) {
            self.ranks.remove(&rank);
        }
        change(tickets);
        match rank(tickets) {
            Some(rank) => drop(self.ranks.insert(rank)),
            None => drop(self.sources.remove(&source)),
        }
    }
}

fn rank(tickets: &BTreeSet<Ticket>) -> Option<(usize, Reverse<Ticket>)> {
    let oldest = tickets.first()?;
    Some((tickets.len(), Reverse(*oldest)))
}

#[cfg(test)]
mod tests;
