//! The time limit for collecting a whole message: RFC 6455 §10.4.
//!
//! A partial message is held in memory until its end, so a peer that never ends it would hold memory
//! for ever. Byte streams hold no message and have no such limit.
//!
//! The time runs from the first octet to the last, whatever else arrives or happens. It stands still
//! only while octets wait for an application that does not take them, and then continues.

use core::time::Duration;

use super::Connection;
use crate::protocol_error::ProtocolError;
use crate::time::Timestamp;

/// The message that is being collected.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Collecting {
    /// No message is being collected.
    #[default]
    Nothing,
    /// This much time is left, counted from the next time that is told.
    Left(Duration),
    Until(Timestamp),
    /// Octets wait to be taken. The clock stops at the next time that is told.
    Stalling(Timestamp),
    /// Octets wait to be taken. The clock stands still, with this much time left.
    Stalled(Duration),
}

impl Connection {
    /// Reports that the received part of a message is held until the rest arrives.
    #[inline]
    pub(crate) fn collecting(&mut self) {
        if self.receiving.is_none() && !self.is_inflating() {
            self.collected();
            return;
        }
        let limit = self.config.message_timeout;
        // An application that does not collect messages does not allocate this.
        let collecting = &mut **self.collecting.get_or_insert_default();
        *collecting = match *collecting {
            Collecting::Nothing => Collecting::Left(limit),
            Collecting::Stalling(deadline) => Collecting::Until(deadline),
            Collecting::Stalled(left) => Collecting::Left(left),
            goes_on => goes_on,
        };
    }

    /// Reports that a message is complete.
    #[inline]
    pub(crate) fn collected(&mut self) {
        if let Some(collecting) = &mut self.collecting {
            **collecting = Collecting::Nothing;
        }
    }

    /// Whether a message has a time limit now.
    #[inline]
    pub(super) fn times_message(&self) -> bool {
        let collecting = self.collecting.as_deref();
        !matches!(
            collecting,
            None | Some(Collecting::Nothing | Collecting::Stalled(_))
        )
    }

    /// Whether the time must be told so that the clock can stop.
    #[cfg(feature = "std")]
    pub(crate) fn is_message_stalling(&self) -> bool {
        let collecting = self.collecting.as_deref();
        matches!(collecting, Some(Collecting::Stalling(_)))
    }

    /// Octets from the peer wait to be taken. The time until then does not count against the peer.
    pub(super) const fn collecting_stalled(&mut self) {
        if let Some(collecting) = &mut self.collecting {
            **collecting = match **collecting {
                Collecting::Left(left) => Collecting::Stalled(left),
                Collecting::Until(deadline) => Collecting::Stalling(deadline),
                stays => stays,
            };
        }
    }

    /// Fails the connection if its message took too long. Returns when it will have.
    pub(super) fn poll_message(&mut self, now: Timestamp) -> Option<Timestamp> {
        let collecting = self.collecting.as_deref_mut()?;
        let deadline = match *collecting {
            Collecting::Nothing | Collecting::Stalled(_) => return None,
            Collecting::Stalling(deadline) => {
                *collecting = Collecting::Stalled(deadline - now);
                return None;
            }
            Collecting::Left(left) => now + left,
            Collecting::Until(deadline) => deadline,
        };
        *collecting = Collecting::Until(deadline);
        if now < deadline {
            return Some(deadline);
        }
        *collecting = Collecting::Nothing;
        // Do not replace an ending that has happened already.
        if self.ending().is_none() {
            self.fail(ProtocolError::MessageTooSlow(self.config.message_timeout));
        }
        None
    }
}
