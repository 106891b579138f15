//! How long to hold a socket for a peer that has not taken everything.

use core::time::Duration;

use super::Taken;
use crate::time::Timestamp;

/// Watches how much the peer takes of what was written, while nothing more is. Dropping a socket earlier could destroy
/// what is in transit: the system resets the connection if unread octets are left, or more arrive.
#[derive(Debug, Default)]
pub(super) struct Hold {
    /// The number of octets acknowledged at the last progress, and the time of that.
    taken: Option<(u64, Timestamp)>,
}

/// Whether to hold the socket longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// The peer has taken everything.
    Taken,
    /// The peer has taken nothing for the whole limit.
    GivenUp,
    /// Ask again then. The system has no event for acknowledgements.
    AskAt(Timestamp),
}

impl Hold {
    /// `taken` is the socket's answer now, and `limit` is the time that the peer may take nothing.
    pub(super) fn ask(&mut self, taken: Taken, now: Timestamp, limit: Duration) -> Held {
        let Taken { octets, all } = taken;
        if all {
            return Held::Taken;
        }
        let (before, since) = *self.taken.get_or_insert((octets, now));
        if octets > before {
            self.taken = Some((octets, now));
        } else if now >= since + limit {
            return Held::GivenUp;
        }
        Held::AskAt(now + INTERVAL)
    }
}

/// How long a peer may take nothing, where no configuration says.
pub(super) const PROGRESS: Duration = Duration::from_secs(60);

/// The interval between questions.
const INTERVAL: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_held_as_long_as_the_peer_takes_something() {
        let mut hold = Hold::default();
        let limit = Duration::from_secs(60);
        let at = |secs| Timestamp::ORIGIN + Duration::from_secs(secs);
        // When, how much is taken, whether that is all, and what to do.
        for (secs, octets, all, held) in [
            (0, 10, false, None),
            (59, 10, false, None),
            (59, 11, false, None),
            (60, 11, false, None),
            (118, 11, false, None),
            (119, 11, false, Some(Held::GivenUp)),
            (120, 12, false, None),
            (180, 12, true, Some(Held::Taken)),
        ] {
            let now = at(secs);
            let held = held.unwrap_or(Held::AskAt(now + INTERVAL));
            assert_eq!(hold.ask(Taken { octets, all }, now, limit), held, "{secs}");
        }
    }
}
