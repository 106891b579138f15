//! The payload of control frames: RFC 6455 §5.5.

use core::fmt;

use crate::frame::MAX_CONTROL_PAYLOAD;
use crate::octets::Octets;

/// The payload of a control frame, as far as it has arrived.
#[derive(Clone)]
pub(super) struct ControlPayload {
    octets: [u8; MAX_CONTROL_PAYLOAD],
    len: u8,
}

impl ControlPayload {
    pub(super) const EMPTY: Self = Self {
        octets: [0; MAX_CONTROL_PAYLOAD],
        len: 0,
    };

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.octets[..usize::from(self.len)]
    }

    pub(super) const fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends `piece`. The decoder bounds a control frame's payload, so it fits.
    pub(super) fn push(&mut self, piece: &[u8]) {
        let len = usize::from(self.len);
        let fits = piece.len().min(MAX_CONTROL_PAYLOAD - len);
        self.octets[len..len + fits].copy_from_slice(&piece[..fits]);
        #[expect(clippy::cast_possible_truncation, reason = "at most 125")]
        {
            self.len = (len + fits) as u8;
        }
    }
}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Octets::of(self.as_slice()).fmt(f)
    }
}
