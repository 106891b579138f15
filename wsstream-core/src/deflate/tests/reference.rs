//! An inflater that shares nothing with the codecs: RFC 1951, bit by bit, and it measures how far back
//! references go.

use alloc::vec;
use alloc::vec::Vec;

/// Whole blocks only.
pub(super) struct Reference {
    pub(super) out: Vec<u8>,
    pub(super) furthest: usize,
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn bit(&mut self) -> usize {
        let bit = self.data[self.at / 8] >> (self.at % 8) & 1;
        self.at += 1;
        bit.into()
    }

    fn bits(&mut self, count: usize) -> usize {
        (0..count).map(|place| self.bit() << place).sum()
    }
}

/// §3.2.2: how many codes there are of each length, and the symbols in order.
struct Huffman {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Huffman {
    fn new(lengths: &[usize]) -> Self {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        for (len, count) in counts.iter_mut().enumerate().skip(1) {
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == len) {
                *count += 1;
                symbols.push(symbol);
            }
        }
        Self { counts, symbols }
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> usize {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.bit();
            if code < first + count {
                return self.symbols[index + code - first];
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        panic!("no such code");
    }
}

impl Reference {
    pub(super) fn new() -> Self {
        Self {
            out: Vec::new(),
            furthest: 0,
        }
    }

    pub(super) fn inflate(&mut self, data: &[u8]) {
        let mut bits = Bits { data, at: 0 };
        while bits.at.div_ceil(8) < data.len() {
            bits.bit();
            match bits.bits(2) {
                0 => {
                    bits.at = bits.at.next_multiple_of(8);
                    let (len, complement) = (bits.bits(16), bits.bits(16));
                    assert_eq!(len, !complement & 0xffff);
                    let at = bits.at / 8;
                    self.out.extend_from_slice(&data[at..at + len]);
                    bits.at += len * 8;
                }
                1 => {
                    let mut lengths = vec![8; 288];
                    lengths[144..256].fill(9);
                    lengths[256..280].fill(7);
                    self.block(&mut bits, &Huffman::new(&lengths), &Huffman::new(&[5; 30]));
                }
                2 => {
                    let (literals, distances) = trees(&mut bits);
                    self.block(&mut bits, &literals, &distances);
                }
                _ => panic!("no such block"),
            }
        }
    }

    fn block(&mut self, bits: &mut Bits<'_>, literals: &Huffman, distances: &Huffman) {
        loop {
            match literals.symbol(bits) {
                256 => return,
                symbol @ 257.. => {
                    let symbol = symbol - 257;
                    let len = LENGTHS[symbol] + bits.bits(LENGTH_BITS[symbol]);
                    let symbol = distances.symbol(bits);
                    let extra = (symbol / 2).saturating_sub(1);
                    let base = if symbol < 4 {
                        symbol
                    } else {
                        (2 + symbol % 2) << extra
                    };
                    let distance = base + 1 + bits.bits(extra);
                    self.furthest = self.furthest.max(distance);
                    for _ in 0..len {
                        self.out.push(self.out[self.out.len() - distance]);
                    }
                }
                literal => self.out.push(u8::try_from(literal).unwrap()),
            }
        }
    }
}

/// §3.2.7.
fn trees(bits: &mut Bits<'_>) -> (Huffman, Huffman) {
    let (literals, distances) = (bits.bits(5) + 257, bits.bits(5) + 1);
    let mut code_lengths = [0; 19];
    for place in &ORDER[..bits.bits(4) + 4] {
        code_lengths[*place] = bits.bits(3);
    }
    let codes = Huffman::new(&code_lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (len, count) = match codes.symbol(bits) {
            16 => (*lengths.last().unwrap(), 3 + bits.bits(2)),
            17 => (0, 3 + bits.bits(3)),
            18 => (0, 11 + bits.bits(7)),
            len => (len, 1),
        };
        lengths.extend(core::iter::repeat_n(len, count));
    }
    (
        Huffman::new(&lengths[..literals]),
        Huffman::new(&lengths[literals..]),
    )
}

const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

#[rustfmt::skip]
const LENGTHS: [usize; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];

#[rustfmt::skip]
const LENGTH_BITS: [usize; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
