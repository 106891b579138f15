//! How long a message may take that is collected whole: RFC 6455 §10.4.
//!
//! What was received of it is held until its end, so a peer that never ends it would have it held for
//! ever. Byte streams hold no message, and know no such limit.
//!
//! The time is that from the first octet to the last, whatever else comes or is done meanwhile. It stands still only
//! while octets wait for an application that does not take them, and then goes on where it was.

use core::time::Duration;

use super::Connection;
use crate::protocol_error::ProtocolError;
use crate::time::Timestamp;

/// The message that is being collected.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Collecting {
    /// None is, or nobody collects.
    #[default]
    Nothing,
    /// So much time is left, from when the time is next told.
    Left(Duration),
    Until(Timestamp),
    /// Octets wait to be taken, and from when the time is next told it stands still.
    Stalling(Timestamp),
    /// They do, and so much is left.
    Stalled(Duration),
}

impl Connection {
    /// Tells that all that came of a message was taken, to be held until the rest comes.
    #[inline]
    pub(crate) fn collecting(&mut self) {
        if self.receiving.is_none() && !self.is_inflating() {
            self.collected();
            return;
        }
        let limit = self.config.message_timeout;
        // Whoever has no whole messages has no room for this, either.
        let collecting = &mut **self.collecting.get_or_insert_default();
        *collecting = match *collecting {
            Collecting::Nothing => Collecting::Left(limit),
            Collecting::Stalling(deadline) => Collecting::Until(deadline),
            Collecting::Stalled(left) => Collecting::Left(left),
            goes_on => goes_on,
        };
    }

    /// Tells that a message is all there.
    #[inline]
    pub(crate) fn collected(&mut self) {
        if let Some(collecting) = &mut self.collecting {
            **collecting = Collecting::Nothing;
        }
    }

    /// Whether time matters to a message.
    #[inline]
    pub(super) fn times_message(&self) -> bool {
        let collecting = self.collecting.as_deref();
        !matches!(
            collecting,
            None | Some(Collecting::Nothing | Collecting::Stalled(_))
        )
    }

    /// Whether the time is to be told for it to stand still.
    #[cfg(feature = "std")]
    pub(crate) fn is_message_stalling(&self) -> bool {
        let collecting = self.collecting.as_deref();
        matches!(collecting, Some(Collecting::Stalling(_)))
    }

    /// What the peer has sent waits, and until it is taken the time that passes is not the peer's.
    pub(super) const fn collecting_stalled(&mut self) {
        if let Some(collecting) = &mut self.collecting {
            **collecting = match **collecting {
                Collecting::Left(left) => Collecting::Stalled(left),
                Collecting::Until(deadline) => Collecting::Stalling(deadline),
                stays => stays,
            };
        }
    }

    /// Fails the connection if its message has taken too long; tells when it will have.
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
        // What has ended already has ended as it has.
        if self.ending().is_none() {
            self.fail(ProtocolError::MessageTooSlow(self.config.message_timeout));
        }
        None
    }
}
