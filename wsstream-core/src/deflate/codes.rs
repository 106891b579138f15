//! Huffman codes: RFC 1951 §3.2.2.
#![expect(
    clippy::cast_possible_truncation,
    reason = "symbols and lengths are small, and of bits the lowest are wanted"
)]

use super::status::Status;

/// The codes of one alphabet, for decoding. Codes of up to `log2(SIZE)` bits are looked up in a table;
/// longer codes are searched.
pub(super) struct Codes<const SIZE: usize> {
    /// The meaning of the next bits, with the code's length in the lowest octet; 0 if the code is
    /// longer.
    table: [u32; SIZE],
    /// The number of codes of each length, and their meanings in order.
    counts: [u16; MAX_LEN + 1],
    sorted: [u32; MAX_SYMBOLS],
}

impl<const SIZE: usize> Codes<SIZE> {
    pub(super) const fn new() -> Self {
        Self {
            table: [0; SIZE],
            counts: [0; MAX_LEN + 1],
            sorted: [0; MAX_SYMBOLS],
        }
    }

    /// Builds the codes from their lengths, each at most [`MAX_LEN`], for symbols with these
    /// `meanings`. Returns `false` if the lengths are invalid: there are more codes than possible, or
    /// fewer than needed. With `may_be_single`, an alphabet of one symbol has a code of one bit, as in
    /// zlib, and an empty alphabet is valid.
    pub(super) const fn set(
        &mut self,
        lens: &[u8],
        meanings: &[u32; MAX_SYMBOLS],
        may_be_single: bool,
    ) -> bool {
        self.counts = [0; MAX_LEN + 1];
        let mut symbol = 0;
        while symbol < lens.len() {
            // Most symbols have no code, and a counter that all of them update would be slow.
            if lens[symbol] > 0 {
                self.counts[lens[symbol] as usize] += 1;
            }
            symbol += 1;
        }
        let (mut left, mut longest, mut len) = (1i32, 0, 1);
        // The start of the symbols of each length.
        let mut places = [0u16; MAX_LEN + 2];
        while len <= MAX_LEN {
            let count = self.counts[len];
            left = 2 * left - count as i32;
            if left < 0 {
                return false;
            }
            if count > 0 {
                longest = len;
            }
            places[len + 1] = places[len] + count;
            len += 1;
        }
        if left > 0 && !(may_be_single && longest <= 1) {
            return false;
        }
        let mut symbol = 0;
        while symbol < lens.len() {
            let len = lens[symbol] as usize;
            if len > 0 {
                self.sorted[places[len] as usize] = meanings[symbol];
                places[len] += 1;
            }
            symbol += 1;
        }
        // Invalid codes can occur only if the code is incomplete.
        self.table[0] = if left > 0 { INVALID | 1 } else { 0 };
        let (mut len, mut size, mut code, mut place) = (1, 1, 0u16, 0);
        while size < SIZE {
            // One more bit doubles the table: codes begin with their highest bit, §3.1.1.
            let (shorter, longer) = self.table.split_at_mut(size);
            longer.split_at_mut(size).0.copy_from_slice(shorter);
            size *= 2;
            code *= 2;
            let mut count = self.counts[len];
            while count > 0 {
                let at = code.reverse_bits() >> (16 - len);
                self.table[at as usize] = self.sorted[place] | len as u32;
                (code, place, count) = (code + 1, place + 1, count - 1);
            }
            len += 1;
        }
        true
    }

    /// The meaning of the next bits if their code is short; otherwise 0.
    #[inline]
    pub(super) const fn frequent(&self, bits: u64) -> u32 {
        self.table[bits as usize & (SIZE - 1)]
    }

    /// The meaning of the next bits, of which there are `count`. It may be [`INVALID`].
    pub(super) fn find(&self, bits: u64, count: u32) -> Result<u32, Status> {
        let meaning = self.frequent(bits);
        let meaning = if meaning == 0 {
            self.search(bits, count)?
        } else {
            meaning
        };
        if len(meaning) > count {
            return Err(Status::NeedsInput);
        }
        Ok(meaning)
    }

    /// Finds a code that is too long for the table.
    #[cold]
    fn search(&self, bits: u64, count: u32) -> Result<u32, Status> {
        let (mut code, mut first, mut place) = (0, 0, 0);
        for (len, of_len) in (1..).zip(&self.counts[1..]) {
            if len > count {
                return Err(Status::NeedsInput);
            }
            code |= usize::from(bits >> (len - 1) & 1 == 1);
            let of_len = usize::from(*of_len);
            if code < first + of_len {
                return Ok(self.sorted[place + code - first] | len);
            }
            place += of_len;
            first = (first + of_len) << 1;
            code <<= 1;
        }
        Ok(INVALID | MAX_LEN as u32)
    }
}

/// The length of the code with this meaning.
#[inline]
pub(super) const fn len(meaning: u32) -> u32 {
    meaning & 0xff
}

/// The octet of a [`LITERAL`].
#[inline]
pub(super) const fn literal(meaning: u32) -> u8 {
    (meaning >> 16) as u8
}

/// The number of extra bits after the code, and the base that they are added to.
#[inline]
pub(super) const fn extra(meaning: u32) -> (u32, usize) {
    (meaning >> 8 & 0x1f, (meaning >> 16) as usize)
}

/// Meanings that are not numbers with extra bits.
pub(super) const LITERAL: u32 = 1 << 15;
pub(super) const END: u32 = 1 << 14;
pub(super) const INVALID: u32 = 1 << 13;

/// The length of the longest code.
pub(super) const MAX_LEN: usize = 15;

/// The most symbols in an alphabet.
pub(super) const MAX_SYMBOLS: usize = 288;

/// §3.2.5: literals, the end of the block, lengths.
pub(super) static LITERALS: [u32; MAX_SYMBOLS] = {
    let mut meanings = [INVALID; MAX_SYMBOLS];
    let mut symbol = 0;
    while symbol < 256 {
        meanings[symbol] = (symbol as u32) << 16 | LITERAL;
        symbol += 1;
    }
    meanings[256] = END;
    let (mut base, mut symbol) = (3, 257);
    while symbol < 285 {
        let bits = if symbol < 265 { 0 } else { (symbol - 261) / 4 };
        meanings[symbol] = base << 16 | (bits as u32) << 8;
        base += 1 << bits;
        symbol += 1;
    }
    meanings[285] = 258 << 16;
    meanings
};

/// §3.2.5: distances.
pub(super) static DISTANCES: [u32; MAX_SYMBOLS] = {
    let mut meanings = [INVALID; MAX_SYMBOLS];
    let (mut base, mut symbol) = (1, 0);
    while symbol < 30 {
        let bits = if symbol < 4 { 0 } else { symbol / 2 - 1 };
        meanings[symbol] = base << 16 | (bits as u32) << 8;
        base += 1 << bits;
        symbol += 1;
    }
    meanings
};

/// §3.2.7: the lengths of codes, and how often they are repeated.
pub(super) static LENGTHS: [u32; MAX_SYMBOLS] = {
    let mut meanings = [INVALID; MAX_SYMBOLS];
    let mut symbol = 0;
    while symbol < 16 {
        meanings[symbol] = (symbol as u32) << 16 | LITERAL;
        symbol += 1;
    }
    meanings[16] = 3 << 16 | 2 << 8;
    meanings[17] = 3 << 16 | 3 << 8;
    meanings[18] = 11 << 16 | 7 << 8;
    meanings
};

/// §3.2.6.
pub(super) static FIXED: (Codes<512>, Codes<32>) = {
    let mut lens = [8; MAX_SYMBOLS];
    let mut symbol = 144;
    while symbol < 280 {
        lens[symbol] = if symbol < 256 { 9 } else { 7 };
        symbol += 1;
    }
    let (mut literals, mut distances) = (Codes::new(), Codes::new());
    literals.set(&lens, &LITERALS, false);
    distances.set(&[5; 32], &DISTANCES, false);
    (literals, distances)
};
