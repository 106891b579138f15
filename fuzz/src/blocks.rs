//! A plain reading of RFC 1951, bit by bit, for what zlib does not tell: where blocks end, and how many of
//! them have no content.

use crate::work::call;

/// What the receiver adds: RFC 7692 §7.2.2.
pub(crate) const TAIL: &[u8] = &[0, 0, 0xff, 0xff];

/// What was inflated so far, and what the blocks were like.
#[derive(Debug)]
pub(crate) struct Blocks {
    pub(crate) out: Vec<u8>,
    /// How far back a reference may go, RFC 7692 §7.1.2: zlib goes by what it still has.
    window: usize,
    /// Blocks without content, one behind the other: the current ones, and the most there were.
    empty: usize,
    pub(crate) most_empty: usize,
}

/// It is no deflate data, or is cut off.
#[derive(Debug)]
pub(crate) struct Fault;

impl Blocks {
    pub(crate) const fn new(window: usize) -> Self {
        Self {
            out: Vec::new(),
            window,
            empty: 0,
            most_empty: 0,
        }
    }

    /// Inflates a message with its tail, which ends with the end of a block. Behind a final block others may follow, at
    /// an octet's border (RFC 7692 §7.2.3.4).
    pub(crate) fn message(&mut self, data: &[u8]) -> Result<(), Fault> {
        let mut bits = Bits { data, at: 0 };
        while bits.at < 8 * data.len() {
            call();
            let before = self.out.len();
            let is_final = bits.take(1)? == 1;
            match bits.take(2)? {
                0 => self.stored(&mut bits)?,
                1 => self.compressed(&mut bits, &Code::fixed())?,
                2 => {
                    let codes = Code::dynamic(&mut bits)?;
                    self.compressed(&mut bits, &codes)?;
                }
                _ => return Err(Fault),
            }
            // The tail is to be an empty block's, and not content.
            if self.out.len() > before && bits.at / 8 > data.len() - TAIL.len() {
                return Err(Fault);
            }
            self.empty = if self.out.len() == before {
                self.empty + 1
            } else {
                0
            };
            self.most_empty = self.most_empty.max(self.empty);
            if is_final {
                bits.align();
                if bits.at / 8 + TAIL.len() == data.len() {
                    // Some senders end so, without the octet that §7.2.3.4 asks for.
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn stored(&mut self, bits: &mut Bits<'_>) -> Result<(), Fault> {
        bits.align();
        let (len, complement) = (bits.take(16)?, bits.take(16)?);
        if len != !complement & 0xffff {
            return Err(Fault);
        }
        for _ in 0..len {
            let octet = bits.take(8)?;
            self.push(octet);
        }
        Ok(())
    }

    fn compressed(&mut self, bits: &mut Bits<'_>, codes: &[Code; 2]) -> Result<(), Fault> {
        loop {
            let symbol = codes[0].symbol(bits)?;
            match symbol {
                0..=255 => self.push(symbol),
                256 => return Ok(()),
                257..=285 => {
                    let (base, extra) = LENGTHS[symbol - 257];
                    let len = base + bits.take(extra)?;
                    let symbol = codes[1].symbol(bits)?;
                    let &(base, extra) = DISTANCES.get(symbol).ok_or(Fault)?;
                    let distance = base + bits.take(extra)?;
                    if distance > self.window {
                        return Err(Fault);
                    }
                    let from = self.out.len().checked_sub(distance).ok_or(Fault)?;
                    for at in from..from + len {
                        self.out.push(self.out[at]);
                    }
                }
                _ => return Err(Fault),
            }
        }
    }

    fn push(&mut self, octet: usize) {
        self.out.push(u8::try_from(octet).unwrap());
    }
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Result<usize, Fault> {
        let mut number = 0;
        for place in 0..count {
            let octet = self.data.get(self.at / 8).ok_or(Fault)?;
            number |= usize::from(octet >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Ok(number)
    }

    const fn align(&mut self) {
        self.at = self.at.next_multiple_of(8);
    }
}

/// §3.2.2: how many codes there are of each length, and their symbols in order.
struct Code {
    counts: [usize; 16],
    symbols: Vec<usize>,
}

impl Code {
    fn new(lengths: &[usize]) -> Self {
        let (mut counts, mut symbols) = ([0; 16], Vec::new());
        for (len, count) in counts.iter_mut().enumerate().skip(1) {
            let of_len = |(symbol, of): (usize, &usize)| (*of == len).then_some(symbol);
            let before = symbols.len();
            symbols.extend(lengths.iter().enumerate().filter_map(of_len));
            *count = symbols.len() - before;
        }
        Self { counts, symbols }
    }

    /// How much of the room for codes is left; negative where there are too many.
    fn left(&self) -> i32 {
        self.counts[1..].iter().fold(1, |left, count| {
            left.saturating_mul(2) - i32::try_from(*count).unwrap()
        })
    }

    fn symbol(&self, bits: &mut Bits<'_>) -> Result<usize, Fault> {
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1)?;
            if code < first + count {
                return Ok(self.symbols[index + code - first]);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(Fault)
    }

    /// §3.2.6.
    fn fixed() -> [Self; 2] {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        [Self::new(&lengths), Self::new(&[5; 30])]
    }

    /// §3.2.7. What zlib refuses is refused: too many codes, and too few but for a single distance or none.
    fn dynamic(bits: &mut Bits<'_>) -> Result<[Self; 2], Fault> {
        let (literals, distances) = (bits.take(5)? + 257, bits.take(5)? + 1);
        let mut lengths = [0; 19];
        for place in 0..bits.take(4)? + 4 {
            lengths[ORDER[place]] = bits.take(3)?;
        }
        if literals > 286 || distances > 30 {
            return Err(Fault);
        }
        let code = Self::new(&lengths);
        if code.left() != 0 {
            return Err(Fault);
        }
        let mut lengths = Vec::new();
        while lengths.len() < literals + distances {
            let (len, times) = match code.symbol(bits)? {
                16 => {
                    let last = *lengths.last().ok_or(Fault)?;
                    (last, 3 + bits.take(2)?)
                }
                17 => (0, 3 + bits.take(3)?),
                18 => (0, 11 + bits.take(7)?),
                len => (len, 1),
            };
            lengths.resize(lengths.len() + times, len);
        }
        if lengths.len() > literals + distances || lengths[256] == 0 {
            return Err(Fault);
        }
        let codes = [&lengths[..literals], &lengths[literals..]].map(Self::new);
        for code in &codes {
            let single = code.counts[1..].iter().sum::<usize>() == code.counts[1];
            if code.left() < 0 || (code.left() > 0 && !(single && code.counts[1] <= 1)) {
                return Err(Fault);
            }
        }
        Ok(codes)
    }
}

const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];

/// §3.2.5: base and extra bits.
#[rustfmt::skip]
const LENGTHS: [(usize, usize); 29] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1),
    (19, 2), (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4),
    (115, 4), (131, 5), (163, 5), (195, 5), (227, 5), (258, 0),
];
#[rustfmt::skip]
const DISTANCES: [(usize, usize); 30] = [
    (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3), (33, 4), (49, 4),
    (65, 5), (97, 5), (129, 6), (193, 6), (257, 7), (385, 7), (513, 8), (769, 8), (1025, 9), (1537, 9),
    (2049, 10), (3073, 10), (4097, 11), (6145, 11), (8193, 12), (12289, 12), (16385, 13), (24577, 13),
];
