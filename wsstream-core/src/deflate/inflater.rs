//! Inflates deflate data as it arrives: RFC 1951.
//!
//! The inflaters of the codecs build the fixed codes anew for every block, need a reset after a final
//! block, or do not tell whether a block has ended. A peer may send such blocks as often as it likes
//! (RFC 7692 §7.2.3). So this inflater has the fixed codes as constants, treats a final block like any
//! other, and counts the cost of each block. It keeps its codes and at most eight octets of input; the
//! caller keeps the window.

use super::codes::{self, Codes, DISTANCES, FIXED, LENGTHS, LITERAL, LITERALS, extra, literal};
use super::status::Status;
use super::symbols::{Input, Output, Symbol, symbols};
use crate::work::Work;

pub(super) struct Inflater {
    /// How far back a reference may go.
    window: usize,
    /// Input that was taken but not used yet: `count` bits, the next one lowest.
    bits: u64,
    count: u32,
    state: State,
    /// BFINAL of the current block, or of the block that has just ended.
    is_final: bool,
    /// Whether the block has the fixed codes.
    is_fixed: bool,
    /// How many octets were made before the block, and in total.
    before_block: u64,
    made: u64,
    /// How many blocks in a row had no content.
    empty: u8,
    /// §3.2.7: the lengths of the codes that are known so far.
    lens: [u8; MAX_LENS],
    lengths: Codes<128>,
    literals: Codes<1024>,
    distances: Codes<256>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// A block comes next.
    Header,
    /// The lengths of a stored block come at the next octet; then this many octets.
    StoredLen,
    Stored(usize),
    /// The numbers of codes come next; then their lengths, of which this many are known.
    Counts,
    LengthLens(Counts, usize),
    Lens(Counts, usize),
    Symbols,
    /// The rest of a repetition that did not fit.
    Copy {
        len: usize,
        distance: usize,
    },
    Broken,
}

/// The numbers of codes, §3.2.7.
#[derive(Clone, Copy, Debug)]
struct Counts {
    literals: usize,
    distances: usize,
    lengths: usize,
}

impl Inflater {
    /// For data that refers back at most `window` octets.
    pub(super) const fn new(window: usize) -> Self {
        Self {
            window,
            bits: 0,
            count: 0,
            state: State::Header,
            is_final: false,
            is_fixed: false,
            before_block: 0,
            made: 0,
            empty: 0,
            lens: [0; MAX_LENS],
            lengths: Codes::new(),
            literals: Codes::new(),
            distances: Codes::new(),
        }
    }

    /// Prepares for the first block of a message.
    pub(super) const fn reset(&mut self) {
        (self.bits, self.count, self.state) = (0, 0, State::Header);
        (self.is_final, self.empty) = (false, 0);
    }

    /// Inflates to `buffer[at..]`. References may go to the octets before `at`, as far back as the
    /// window; they must still be there in the next call. Returns how many octets were taken, and how
    /// many were made.
    pub(super) fn inflate(
        &mut self,
        data: &[u8],
        buffer: &mut [u8],
        at: usize,
        work: &mut Work,
    ) -> (usize, usize, Status) {
        let (bits, count) = (self.bits, self.count);
        let mut input = Input {
            data,
            at: 0,
            bits,
            count,
        };
        let mut output = Output {
            buffer,
            start: at,
            at,
            window: self.window,
        };
        let status = loop {
            if let Err(status) = self.step(&mut input, &mut output, work) {
                break status;
            }
        };
        if status == Status::Broken {
            self.state = State::Broken;
        }
        if status != Status::NeedsInput {
            input.give_back();
        }
        (self.bits, self.count) = (input.bits, input.count);
        let made = output.at - at;
        self.made += made as u64;
        work.spend(made);
        (input.at, made, status)
    }

    /// Ends a message, and returns whether it was complete. The sender omits the lengths of an empty
    /// stored block, RFC 7692 §7.2.2. A final block without the extra octet of §7.2.3.4 is accepted as
    /// the same.
    pub(super) const fn end_message(&mut self) -> bool {
        let is_whole = match self.state {
            State::StoredLen => true,
            State::Header => self.is_final,
            _ => false,
        };
        let is_whole = is_whole && self.count == 0;
        self.reset();
        is_whole
    }

    /// Does one step, or returns why it cannot.
    fn step(
        &mut self,
        input: &mut Input<'_>,
        output: &mut Output<'_>,
        work: &mut Work,
    ) -> Result<(), Status> {
        match self.state {
            State::Header => {
                if work.is_spent() && !input.is_empty() {
                    return Err(Status::Spent);
                }
                let header = input.take(3)?;
                self.before_block = self.total(output);
                self.header(header, work)?;
            }
            State::StoredLen => {
                input.skip(input.count % 8);
                let lens = input.take(32)?;
                let (len, complement) = (lens & 0xffff, lens >> 16);
                if len != !complement & 0xffff {
                    return Err(Status::Broken);
                }
                self.state = State::Stored(len);
            }
            State::Stored(0) => self.end_block(input, output)?,
            State::Stored(left) => {
                let count = input.store(output, left)?;
                self.state = State::Stored(left - count);
            }
            State::Counts => {
                let counts = input.take(14)?;
                let counts = Counts {
                    literals: (counts & 0x1f) + 257,
                    distances: (counts >> 5 & 0x1f) + 1,
                    lengths: (counts >> 10) + 4,
                };
                if counts.literals > 286 || counts.distances > 30 {
                    return Err(Status::Broken);
                }
                self.lens[..ORDER.len()].fill(0);
                self.state = State::LengthLens(counts, 0);
            }
            State::LengthLens(counts, known) if known < counts.lengths => {
                #[expect(clippy::cast_possible_truncation, reason = "three bits")]
                let len = input.take(3)? as u8;
                self.lens[usize::from(ORDER[known])] = len;
                self.state = State::LengthLens(counts, known + 1);
            }
            State::LengthLens(counts, _) => {
                if !self.lengths.set(&self.lens[..ORDER.len()], &LENGTHS, false) {
                    return Err(Status::Broken);
                }
                self.state = State::Lens(counts, 0);
            }
            State::Lens(counts, known) if known < counts.literals + counts.distances => {
                let (len, count) = self.length(input, known)?;
                let lens =
                    self.lens[..counts.literals + counts.distances].get_mut(known..known + count);
                lens.ok_or(Status::Broken)?.fill(len);
                self.state = State::Lens(counts, known + count);
            }
            State::Lens(counts, known) => {
                let (literals, distances) = self.lens[..known].split_at(counts.literals);
                // A block without an end code is invalid.
                let valid = literals[256] > 0
                    && self.literals.set(literals, &LITERALS, true)
                    && self.distances.set(distances, &DISTANCES, true);
                if !valid {
                    return Err(Status::Broken);
                }
                self.state = State::Symbols;
            }
            State::Symbols if self.is_fixed => {
                let symbol = symbols(&FIXED.0, &FIXED.1, input, output)?;
                self.symbol(&symbol, input, output)?;
            }
            State::Symbols => {
                let symbol = symbols(&self.literals, &self.distances, input, output)?;
                self.symbol(&symbol, input, output)?;
            }
            State::Copy { len, distance } => {
                let count = output.copy(len, distance)?;
                self.state = match len - count {
                    0 => State::Symbols,
                    len => State::Copy { len, distance },
                };
            }
            State::Broken => return Err(Status::Broken),
        }
        Ok(())
    }

    /// §3.2.3.
    fn header(&mut self, header: usize, work: &mut Work) -> Result<(), Status> {
        self.is_final = header & 1 == 1;
        work.spend(Work::BLOCK);
        (self.state, self.is_fixed) = match header >> 1 {
            0 => (State::StoredLen, false),
            1 => (State::Symbols, true),
            2 => {
                work.spend(Work::CODES);
                (State::Counts, false)
            }
            _ => return Err(Status::Broken),
        };
        Ok(())
    }

    /// Reads the next code length, and how often it repeats, §3.2.7.
    fn length(&self, input: &mut Input<'_>, known: usize) -> Result<(u8, usize), Status> {
        input.fill();
        let meaning = self.lengths.find(input.bits, input.count)?;
        let (bits, base) = extra(meaning);
        let used = codes::len(meaning);
        if used + bits > input.count {
            return Err(Status::NeedsInput);
        }
        input.skip(used);
        if meaning & LITERAL != 0 {
            return Ok((literal(meaning), 1));
        }
        let count = base + input.low(bits);
        input.skip(bits);
        match (bits, known) {
            // Repeats the previous length, so there must be one.
            (2, 0) => Err(Status::Broken),
            (2, _) => Ok((self.lens[known - 1], count)),
            _ => Ok((0, count)),
        }
    }

    fn symbol(
        &mut self,
        symbol: &Symbol,
        input: &mut Input<'_>,
        output: &Output<'_>,
    ) -> Result<(), Status> {
        match *symbol {
            Symbol::End => return self.end_block(input, output),
            Symbol::Copy { len, distance } => self.state = State::Copy { len, distance },
        }
        Ok(())
    }

    fn end_block(&mut self, input: &mut Input<'_>, output: &Output<'_>) -> Result<(), Status> {
        self.state = State::Header;
        if self.is_final {
            // RFC 7692 §7.2.3.4, §7.2.3.5: a final block does not end the message; the next block
            // begins at the next octet.
            input.skip(input.count % 8);
        }
        self.empty = if self.total(output) > self.before_block {
            0
        } else {
            self.empty + 1
        };
        if self.empty > MAX_EMPTY {
            return Err(Status::Broken);
        }
        Ok(())
    }

    /// The total number of octets made.
    const fn total(&self, output: &Output<'_>) -> u64 {
        self.made + (output.at - output.start) as u64
    }
}

/// How many blocks in a row an honest peer sends without content: those of `Z_PARTIAL_FLUSH` and
/// `Z_SYNC_FLUSH`.
const MAX_EMPTY: u8 = 4;

const MAX_LENS: usize = 286 + 30;

/// §3.2.7.
const ORDER: [u8; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
