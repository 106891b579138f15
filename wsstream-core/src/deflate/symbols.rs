//! Decodes the symbols of a block: RFC 1951 §3.2.5.

use super::codes::{self, Codes, END, INVALID, LITERAL, extra, literal};
use super::status::Status;

/// The input, read bit by bit.
pub(super) struct Input<'a> {
    pub(super) data: &'a [u8],
    pub(super) at: usize,
    pub(super) bits: u64,
    pub(super) count: u32,
}

/// The output, which begins at `start`. References may go to the last `window` octets of
/// `buffer[..at]`. The buffer may hold older octets, depending on how the input was cut and the output
/// taken. They count as gone.
pub(super) struct Output<'a> {
    pub(super) buffer: &'a mut [u8],
    pub(super) start: usize,
    pub(super) at: usize,
    pub(super) window: usize,
}

/// The symbol that ends a run of literals.
pub(super) enum Symbol {
    Copy { len: usize, distance: usize },
    End,
}

impl Input<'_> {
    /// Whether only some bits of the input are left.
    pub(super) const fn is_empty(&self) -> bool {
        self.at == self.data.len() && self.count < 8
    }

    /// Loads at least 56 bits, if there are so many: enough for any symbol.
    pub(super) fn fill(&mut self) {
        let _ = self.need(56);
    }

    fn need(&mut self, count: u32) -> Result<(), Status> {
        while self.count < count {
            let octet = self.data.get(self.at).ok_or(Status::NeedsInput)?;
            self.bits |= u64::from(*octet) << self.count;
            self.at += 1;
            self.count += 8;
        }
        Ok(())
    }

    /// Takes the next `count` bits, at most 32.
    pub(super) fn take(&mut self, count: u32) -> Result<usize, Status> {
        self.need(count)?;
        let bits = self.low(count);
        self.skip(count);
        Ok(bits)
    }

    #[inline]
    pub(super) const fn low(&self, count: u32) -> usize {
        low(self.bits, count)
    }

    #[inline]
    pub(super) const fn skip(&mut self, count: u32) {
        self.bits >>= count;
        self.count -= count;
    }

    /// Takes the next `count` bits, which are a fault. So the fault is at the same octet, however the
    /// input is cut.
    const fn broken<T>(&mut self, count: u32) -> Result<T, Status> {
        self.skip(count);
        Err(Status::Broken)
    }

    /// Returns unused octets to the input. They belong to this input: bits stay from one input to the
    /// next only if a code begins in them.
    pub(super) const fn give_back(&mut self) {
        let unused = self.count / 8;
        self.at = self.at.saturating_sub(unused as usize);
        self.count %= 8;
        self.bits &= (1 << self.count) - 1;
    }

    /// Copies the next octets unchanged; at most `max`.
    pub(super) fn store(&mut self, output: &mut Output<'_>, max: usize) -> Result<usize, Status> {
        self.give_back();
        let data = &self.data[self.at..];
        if data.is_empty() {
            return Err(Status::NeedsInput);
        }
        let room = &mut output.buffer[output.at..];
        let count = max.min(data.len()).min(room.len());
        if count == 0 {
            return Err(Status::NeedsRoom);
        }
        room[..count].copy_from_slice(&data[..count]);
        self.at += count;
        output.at += count;
        Ok(count)
    }
}

impl Output<'_> {
    /// Repeats as much of `len` octets as fits.
    pub(super) fn copy(&mut self, len: usize, distance: usize) -> Result<usize, Status> {
        let count = len.min(self.buffer.len() - self.at);
        if count == 0 {
            return Err(Status::NeedsRoom);
        }
        for at in self.at..self.at + count {
            self.buffer[at] = self.buffer[at - distance];
        }
        self.at += count;
        Ok(count)
    }
}

/// The lowest `count` bits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "at most 32")]
const fn low(bits: u64, count: u32) -> usize {
    (bits & ((1 << count) - 1)) as usize
}

/// Decodes symbols up to the end of the block, or to a repetition that may not fit.
pub(super) fn symbols<const L: usize, const D: usize>(
    literals: &Codes<L>,
    distances: &Codes<D>,
    input: &mut Input<'_>,
    output: &mut Output<'_>,
) -> Result<Symbol, Status> {
    loop {
        if input.data.len() - input.at >= FAST_INPUT
            && output.buffer.len() - output.at >= FAST_ROOM
            && fast(literals, distances, input, output)?
        {
            return Ok(Symbol::End);
        }
        // Near the end of the input or the room, decode one whole symbol at a time.
        input.fill();
        let (bits, count) = (input.bits, input.count);
        let meaning = literals.find(bits, count)?;
        let used = codes::len(meaning);
        if meaning & END != 0 {
            input.skip(used);
            return Ok(Symbol::End);
        }
        if meaning & INVALID != 0 {
            return input.broken(used);
        }
        let (more, base) = extra(meaning);
        if meaning & LITERAL != 0 {
            let room = output.buffer.get_mut(output.at);
            *room.ok_or(Status::NeedsRoom)? = literal(meaning);
            output.at += 1;
            input.skip(used);
            continue;
        }
        let with_len = used + more;
        if with_len > count {
            return Err(Status::NeedsInput);
        }
        let len = base + low(bits >> used, more);
        let meaning = distances.find(bits >> with_len, count - with_len)?;
        let (more, base) = extra(meaning);
        let used = with_len + codes::len(meaning);
        if meaning & INVALID != 0 {
            return input.broken(used);
        }
        if used + more > count {
            return Err(Status::NeedsInput);
        }
        let distance = base + low(bits >> used, more);
        if distance > output.at.min(output.window) {
            return input.broken(used + more);
        }
        input.skip(used + more);
        return Ok(Symbol::Copy { len, distance });
    }
}

/// The fast path of [`symbols`], while input and room suffice for any symbol. Returns whether the block
/// has ended.
#[inline]
fn fast<const L: usize, const D: usize>(
    literals: &Codes<L>,
    distances: &Codes<D>,
    input: &mut Input<'_>,
    output: &mut Output<'_>,
) -> Result<bool, Status> {
    let (data, buffer) = (input.data, &mut *output.buffer);
    let (mut bits, mut count) = (input.bits, input.count);
    let (mut at, mut out, window) = (input.at, output.at, output.window);
    // Loads at least 56 bits. The bits above `count` are valid, too, and are loaded again.
    macro_rules! refill {
        () => {
            if let Some(octets) = data.get(at..).and_then(<[u8]>::first_chunk) {
                bits |= u64::from_le_bytes(*octets) << count;
                at += ((63 - count) >> 3) as usize;
                count |= 56;
            }
        };
    }
    macro_rules! skip {
        ($count:expr) => {
            let skipped = $count;
            bits >>= skipped;
            count -= skipped;
        };
    }
    let result = loop {
        if data.len() - at < FAST_INPUT || buffer.len() - out < FAST_ROOM {
            break Ok(false);
        }
        refill!();
        let mut meaning = literals.frequent(bits);
        for _ in 0..2 {
            if meaning & LITERAL == 0 {
                break;
            }
            buffer[out] = literal(meaning);
            out += 1;
            skip!(codes::len(meaning));
            meaning = literals.frequent(bits);
        }
        refill!();
        if meaning == 0 {
            match literals.find(bits, count) {
                Ok(found) => meaning = found,
                Err(error) => break Err(error),
            }
        }
        skip!(codes::len(meaning));
        let (more, base) = extra(meaning);
        if meaning & LITERAL != 0 {
            buffer[out] = literal(meaning);
            out += 1;
            continue;
        }
        if meaning & (END | INVALID) != 0 {
            break if meaning & END != 0 {
                Ok(true)
            } else {
                Err(Status::Broken)
            };
        }
        let len = base + low(bits, more);
        skip!(more);
        let mut meaning = distances.frequent(bits);
        if meaning == 0 {
            match distances.find(bits, count) {
                Ok(found) => meaning = found,
                Err(error) => break Err(error),
            }
        }
        skip!(codes::len(meaning));
        let (more, base) = extra(meaning);
        let distance = base + low(bits, more);
        skip!(more);
        if meaning & INVALID != 0 || distance > out.min(window) {
            break Err(Status::Broken);
        }
        copy(buffer, out, distance, len);
        out += len;
    };
    input.bits = bits & ((1 << count) - 1);
    (input.count, input.at, output.at) = (count, at, out);
    result
}

/// Repeats `len` octets from `distance` before `at`. Needs room for [`CHUNK`] more octets, which it may
/// overwrite.
#[inline]
fn copy(buffer: &mut [u8], at: usize, distance: usize, len: usize) {
    let from = at - distance;
    if distance >= CHUNK {
        // Copies of a constant length cost less.
        for done in (0..len).step_by(CHUNK) {
            buffer.copy_within(from + done..from + done + CHUNK, at + done);
        }
    } else if distance == 1 {
        let octet = buffer[from];
        buffer[at..at + len].fill(octet);
    } else {
        for done in 0..len {
            buffer[at + done] = buffer[from + done];
        }
    }
}

const CHUNK: usize = 16;

/// Room for two literals and the longest repetition.
const FAST_ROOM: usize = 2 + 258 + CHUNK;

/// Input for two refills.
const FAST_INPUT: usize = 16;
