//! How long a message may take that is collected whole: RFC 6455 §10.4.
//!
//! What was received of it is held until its end, so a peer that never ends it would have it held for
//! ever. Byte streams hold no message, and know no such limit.

use super::Connection;
use crate::error::ProtocolError;
use crate::time::Timestamp;

/// The message that is being collected.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Collecting {
    /// None is, or nobody collects.
    #[default]
    Nothing,
    /// It has begun since the time was last told.
    Begun,
    Since(Timestamp),
}

impl Connection {
    /// Tells that all that came of a message was taken, to be held until the rest comes.
    #[inline]
    pub(crate) fn collecting(&mut self) {
        if self.receiving.is_none() && !self.is_inflating() {
            self.collected();
        } else if !self.times_message() {
            // Whoever has no whole messages has no room for this, either.
            **self.collecting.get_or_insert_default() = Collecting::Begun;
        }
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
        !matches!(collecting, None | Some(Collecting::Nothing))
    }

    /// Nobody takes what the peer sends, so the time that has passed is not the peer's.
    pub(super) const fn collecting_stalled(&mut self) {
        if let Some(collecting) = &mut self.collecting
            && matches!(**collecting, Collecting::Since(_))
        {
            **collecting = Collecting::Begun;
        }
    }

    /// Fails the connection if its message has taken too long; tells when it will have.
    pub(super) fn poll_message(&mut self, now: Timestamp) -> Option<Timestamp> {
        let collecting = self.collecting.as_deref_mut()?;
        let since = match *collecting {
            Collecting::Nothing => return None,
            Collecting::Begun => now,
            Collecting::Since(since) => since,
        };
        *collecting = Collecting::Since(since);
        let limit = self.config.message_timeout;
        let deadline = since + limit;
        if now < deadline {
            return Some(deadline);
        }
        *collecting = Collecting::Nothing;
        // What has ended already has ended as it has.
        if self.ending().is_none() {
            self.fail(ProtocolError::MessageTooSlow(limit));
        }
        None
    }
}
