//! How far back a message may refer, RFC 7692 §7.1.2: never further than was agreed, even where the octets are
//! still there; and the verdict is the same however the message is cut.

use alloc::vec::Vec;

use super::noise;
use crate::deflate::Decompressor;
use crate::work::Work;

/// Deflate data, bit by bit.
#[derive(Default)]
struct Bits {
    octets: Vec<u8>,
    count: usize,
}

impl Bits {
    /// The lowest `count` bits of a number.
    fn number(&mut self, value: usize, count: usize) {
        for place in 0..count {
            if self.count.is_multiple_of(8) {
                self.octets.push(0);
            }
            let bit = u8::from(value >> place & 1 == 1);
            *self.octets.last_mut().unwrap() |= bit << (self.count % 8);
            self.count += 1;
        }
    }

    /// A code, which begins with its highest bit.
    fn code(&mut self, code: usize, len: usize) {
        for place in (0..len).rev() {
            self.number(code >> place, 1);
        }
    }

    fn align(&mut self) {
        self.count = 8 * self.octets.len();
    }

    /// A stored block, RFC 1951 §3.2.4.
    fn stored(&mut self, data: &[u8]) {
        self.number(0, 3);
        self.align();
        self.number(data.len(), 16);
        self.number(!data.len(), 16);
        self.octets.extend_from_slice(data);
        self.align();
    }

    /// A block of the fixed codes, §3.2.6: `count` times 258 octets, from as far back as `distance`.
    fn repeated(&mut self, count: usize, distance: usize) {
        self.number(0b010, 3);
        for _ in 0..count {
            self.code(0b1100_0101, 8);
            // §3.2.5.
            let distance = distance - 1;
            let more = match distance {
                0..4 => 0,
                _ => distance.ilog2() as usize - 1,
            };
            self.code(2 * more + (distance >> more), 5);
            self.number(distance, more);
        }
        self.code(0, 7);
    }

    /// The message: it ends inside the header of an empty stored block, RFC 7692 §7.2.1.
    fn message(mut self) -> Vec<u8> {
        self.number(0, 3);
        self.octets
    }
}

/// What a message comes to that is given in pieces of `len`: how many octets before the fault, or before its end.
fn inflated(inflater: &mut Decompressor, message: &[u8], len: usize) -> Result<usize, usize> {
    let mut out = 0;
    for mut piece in message.chunks(len) {
        while !piece.is_empty() || inflater.has_more() {
            piece = &piece[inflater.inflate(piece, &mut Work::of(5000))..];
            out += inflater.take(usize::MAX).len();
            if inflater.is_broken() {
                return Err(out);
            }
        }
    }
    inflater.end_message();
    assert!(!inflater.is_broken());
    Ok(out)
}

const REPEATED: usize = 100;

/// The octets that are known, in one message and in the one before it.
fn check(bits: u8, known: usize, distance: usize) {
    let (mut before, mut after) = (Bits::default(), Bits::default());
    before.stored(&noise(known));
    let first = before.message();
    after.repeated(REPEATED, distance);
    let second = after.message();
    let mut both = Bits::default();
    both.stored(&noise(known));
    both.repeated(REPEATED, distance);
    let both = both.message();
    let is_valid = distance <= known.min(1 << bits);
    let (at_once, later) = if is_valid {
        (Ok(known + 258 * REPEATED), Ok(258 * REPEATED))
    } else {
        (Err(known), Err(0))
    };
    for cut in [1, 7, 1000, usize::MAX] {
        let told = (bits, known, distance, cut);
        let mut inflater = Decompressor::new(bits);
        assert_eq!(inflated(&mut inflater, &both, cut), at_once, "{told:?}");
        let mut inflater = Decompressor::new(bits);
        assert_eq!(inflated(&mut inflater, &first, cut), Ok(known), "{told:?}");
        let mut rested = Decompressor::new(bits);
        rested.resume(inflater.window());
        assert_eq!(inflated(&mut inflater, &second, cut), later, "{told:?}");
        assert_eq!(inflated(&mut rested, &second, cut), later, "{told:?}");
    }
}

#[test]
fn rfc7692_s7_1_2_a_reference_beyond_the_window_is_refused() {
    for bits in 8..=15 {
        let window = 1 << bits;
        for distance in [
            1,
            window - 1,
            window,
            window + 1,
            2 * window,
            4097,
            5000,
            32_768,
        ] {
            let distance = distance.min(32_768);
            // Where the buffer ends, and what is known is moved, differs.
            for known in [
                0,
                300,
                distance - 1,
                distance,
                distance + 1,
                12_288,
                30_011,
                60_001,
            ] {
                check(bits, known, distance);
            }
        }
    }
}
