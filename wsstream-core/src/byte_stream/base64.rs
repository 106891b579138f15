//! Strict Base64 in pieces of any size: RFC 4648 §4.
//!
//! Each message is one text. Padding ends it, and nothing may follow. The decoder keeps at most three
//! characters between pieces, and two octets that did not fit the output.

use core::fmt;

use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;

use crate::octets::Octets;

/// Decodes the Base64 texts of a stream's messages.
#[derive(Default)]
pub(super) struct Base64 {
    /// The incomplete group of four characters.
    group: [u8; 4],
    group_len: usize,
    /// Decoded octets that did not fit the output.
    ready: [u8; 3],
    ready_len: usize,
    /// Whether padding has ended the message's text.
    padded: bool,
}

impl Base64 {
    /// How many characters to take for `room` octets; at least one group, whose octets may have to
    /// wait.
    pub(super) fn text_for(&self, room: usize) -> usize {
        if room == 0 || self.ready_len > 0 {
            return 0;
        }
        (room / 3 * 4).max(4) - self.group_len
    }

    /// Moves waiting octets to the front of `out`.
    pub(super) fn take_ready(&mut self, out: &mut [u8]) -> usize {
        let count = self.ready_len.min(out.len());
        out[..count].copy_from_slice(&self.ready[..count]);
        self.ready.copy_within(count..self.ready_len, 0);
        self.ready_len -= count;
        count
    }

    /// Decodes a piece of text no longer than [`text_for`](Self::text_for) allows. Returns how many
    /// octets it wrote to `out`, and whether the text was valid. If not, the octets are those before
    /// the fault.
    pub(super) fn decode(&mut self, mut text: &[u8], end: bool, out: &mut [u8]) -> (usize, bool) {
        let mut filled = 0;
        let mut valid = text.is_empty() || !self.padded;
        if self.group_len > 0 && valid {
            let (piece, rest) = text.split_at(text.len().min(4 - self.group_len));
            text = rest;
            self.push(piece);
            if self.group_len == 4 {
                self.group_len = 0;
                let group = self.group;
                valid = self.groups(&group, out, &mut filled);
            }
        }
        if valid {
            let (groups, rest) = text.split_at(text.len() / 4 * 4);
            valid = self.groups(groups, out, &mut filled) && (rest.is_empty() || !self.padded);
            self.push(rest);
        }
        if end {
            valid &= self.group_len == 0;
            self.padded = false;
        }
        (filled, valid)
    }

    fn push(&mut self, piece: &[u8]) {
        self.group[self.group_len..self.group_len + piece.len()].copy_from_slice(piece);
        self.group_len += piece.len();
    }

    /// Decodes whole groups and appends to the `filled` octets. The last group may have padding.
    fn groups(&mut self, groups: &[u8], out: &mut [u8], filled: &mut usize) -> bool {
        if groups.is_empty() {
            return true;
        }
        if self.padded {
            return false;
        }
        let room = &mut out[*filled..];
        if groups.len() / 4 * 3 <= room.len()
            && let Ok(count) = STANDARD.decode_slice(groups, room)
        {
            *filled += count;
        } else {
            // There is little room, or a fault: decode group by group, to deliver the octets before a
            // fault.
            for group in groups.chunks(4) {
                let mut octets = [0; 3];
                let Ok(count) = STANDARD.decode_slice(group, &mut octets) else {
                    return false;
                };
                if self.padded {
                    return false;
                }
                self.padded = group.ends_with(b"=");
                (self.ready, self.ready_len) = (octets, count);
                *filled += self.take_ready(&mut out[*filled..]);
            }
        }
        self.padded = groups.ends_with(b"=");
        true
    }
}

/// Omits characters and octets.
impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base64")
            .field("group", &Octets(self.group_len))
            .field("ready", &Octets(self.ready_len))
            .field("padded", &self.padded)
            .finish()
    }
}

/// The most octets that fit `room` characters.
pub(super) const fn octets_in(room: usize) -> usize {
    room / 4 * 3
}

/// The length of the text for `octets` octets.
pub(super) const fn text_len(octets: usize) -> usize {
    octets.div_ceil(3) * 4
}

/// Encodes `data` as one text, and passes it to `write` piece by piece.
pub(super) fn encode(data: &[u8], mut write: impl FnMut(&[u8])) {
    let mut text = [0; 1024];
    for piece in data.chunks(octets_in(text.len())) {
        // The text always fits.
        if let Ok(len) = STANDARD.encode_slice(piece, &mut text) {
            write(&text[..len]);
        }
    }
}
