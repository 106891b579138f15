//! Our inflater beside those of miniz_oxide and zlib-rs, over streams of theirs that were changed somewhere: the
//! same octets, and the same verdict, however it is cut. With less than 15 bits theirs accept what refers back
//! further than the window while they still have it; ours never does.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_HAS_MORE_INPUT, TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY,
    TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use proptest::prelude::*;
use zlib_rs::{Deflate, DeflateFlush, Inflate, InflateFlush, Status};

use super::{TAIL, noise, sample};
use crate::deflate::Decompressor;
use crate::work::Work;

/// What a message comes to: `None` if it is no deflate data, or was cut short.
type Verdict = Option<Vec<u8>>;

/// A message, given in pieces of `len`.
fn ours(bits: u8, message: &[u8], len: usize) -> Verdict {
    let mut inflater = Decompressor::new(bits);
    let mut out = Vec::new();
    for mut piece in message.chunks(len) {
        while !piece.is_empty() || inflater.has_more() {
            // So little that it ends between any two blocks.
            piece = &piece[inflater.inflate(piece, &mut Work::of(100))..];
            out.extend_from_slice(inflater.take(usize::MAX));
            if inflater.is_broken() {
                return None;
            }
        }
    }
    inflater.end_message();
    (!inflater.is_broken()).then_some(out)
}

/// What a codec does up to the end of a block, of the input, or of the room.
enum Step {
    Block,
    Final,
    Input,
    Broken,
}

/// RFC 7692 §7.2.2, with any codec: `step` takes from the front of what it is given, and appends to `out`.
fn theirs(message: &[u8], mut step: impl FnMut(&mut &[u8], &mut Vec<u8>) -> Step) -> Verdict {
    let (mut out, mut rest, mut empty, mut was_final) = (Vec::new(), message, 0, false);
    while !rest.is_empty() {
        let before = (rest.len(), out.len());
        was_final = match step(&mut rest, &mut out) {
            Step::Block => false,
            Step::Final => true,
            Step::Input => {
                was_final = false;
                break;
            }
            Step::Broken => return None,
        };
        // zlib-rs stops behind a final block, and only then tells what it was.
        if before != (rest.len(), out.len()) {
            empty = if out.len() > before.1 { 0 } else { empty + 1 };
        }
        if empty > 4 {
            return None;
        }
    }
    // One octet more shows where the block ends.
    let tail = [&TAIL[..], &[0]].concat();
    let (mut rest, before) = (&tail[..], out.len());
    let ended = was_final
        || match step(&mut rest, &mut out) {
            Step::Block => rest.len() == 1,
            Step::Final => matches!(rest.len(), 1 | 5),
            _ => false,
        };
    (ended && out.len() == before).then_some(out)
}

fn miniz(message: &[u8]) -> Verdict {
    let mut raw = Box::new(DecompressorOxide::new());
    let mut room = vec![0; MAX_OUT];
    theirs(message, |rest, out| {
        let flags = TINFL_FLAG_HAS_MORE_INPUT
            | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY
            | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
        let at = out.len();
        let (status, taken, made) = decompress(&mut raw, rest, &mut room, at, flags);
        *rest = &rest[taken..];
        out.extend_from_slice(&room[at..at + made]);
        match status {
            TINFLStatus::BlockBoundary => Step::Block,
            TINFLStatus::Done => {
                raw.init();
                Step::Final
            }
            TINFLStatus::NeedsMoreInput => Step::Input,
            _ => Step::Broken,
        }
    })
}

fn zlib(message: &[u8]) -> Verdict {
    let mut raw = Inflate::new(false, 15);
    let mut room = vec![0; MAX_OUT];
    theirs(message, |rest, out| {
        let before = (raw.total_in(), raw.total_out());
        let status = raw.decompress(rest, &mut room, InflateFlush::Block);
        let [taken, made] = [raw.total_in() - before.0, raw.total_out() - before.1]
            .map(|count| usize::try_from(count).unwrap());
        *rest = &rest[taken..];
        out.extend_from_slice(&room[..made]);
        match status {
            Ok(Status::StreamEnd) => {
                raw.reset(false);
                let near = &out[out.len().saturating_sub(32 << 10)..];
                raw.set_dictionary(near).unwrap();
                Step::Final
            }
            // Where the input has ended it does not tell.
            Ok(_) if rest.is_empty() => Step::Input,
            Ok(_) => Step::Block,
            Err(_) => Step::Broken,
        }
    })
}

/// A message of zlib's.
fn deflated(level: i32, bits: u8, data: &[u8], flushes: &[(usize, u8)]) -> Vec<u8> {
    let mut deflate = Deflate::new(level, false, bits);
    let mut out = Vec::new();
    let mut rest = data;
    for (len, flush) in flushes.iter().copied().chain([(usize::MAX, 0)]) {
        let flush = match flush {
            0 => DeflateFlush::SyncFlush,
            1 => DeflateFlush::PartialFlush,
            2 => DeflateFlush::FullFlush,
            _ => DeflateFlush::Block,
        };
        let (piece, later) = rest.split_at(rest.len().min(len));
        rest = later;
        let mut room = vec![0; 2 * piece.len() + 1000];
        let before = deflate.total_out();
        deflate.compress(piece, &mut room, flush).unwrap();
        let made = usize::try_from(deflate.total_out() - before).unwrap();
        out.extend_from_slice(&room[..made]);
    }
    out.strip_suffix(&TAIL).map(<[u8]>::to_vec).unwrap_or(out)
}

fn same(bits: u8, message: &[u8], len: usize) -> Result<(), TestCaseError> {
    let whole = ours(bits, message, usize::MAX);
    for len in [1, len] {
        prop_assert!(ours(bits, message, len) == whole, "in pieces of {len}");
    }
    if bits == 15 || whole.is_some() {
        let [miniz, zlib] = [miniz(message), zlib(message)];
        prop_assert!(whole == miniz, "miniz_oxide: {}", miniz.is_some());
        prop_assert!(whole == zlib, "zlib-rs: {}", zlib.is_some());
    }
    Ok(())
}

const MAX_OUT: usize = 4 << 20;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Changed somewhere, and cut off; or as they were.
    #[test]
    fn our_inflater_and_theirs_agree(
        level in 0..=9i32, bits in 9..=15u8, (of, len) in (0..4u8, prop_oneof![0..300usize, 1..70_000usize]),
        flushes in proptest::collection::vec((0..3000usize, 0..4u8), 0..6),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in proptest::option::of(any::<prop::sample::Index>()), piece in 1..5000usize,
    ) {
        let data = if of == 0 { noise(len) } else { sample(len) };
        let mut message = deflated(level, bits, &data, &flushes);
        if changes.is_empty() && cut.is_none() {
            prop_assert!(ours(bits, &message, piece) == Some(data));
        }
        for (at, octet) in changes {
            if !message.is_empty() {
                let at = at.index(message.len());
                message[at] ^= octet;
            }
        }
        if let Some(cut) = cut {
            message.truncate(cut.index(message.len() + 1));
        }
        // Of more than the window, too.
        for bits in [bits, bits - 1, 15] {
            same(bits, &message, piece)?;
        }
    }

    /// Anything, of which much is short.
    #[test]
    fn of_any_octets(
        bits in 8..=15u8, message in proptest::collection::vec(any::<u8>(), 0..40), piece in 1..9usize,
    ) {
        same(bits, &message, piece)?;
    }

    /// Codes of any lengths.
    #[test]
    fn of_any_codes(
        bits in 8..=15u8, mut message in proptest::collection::vec(any::<u8>(), 20..120),
        piece in 1..200usize,
    ) {
        message[0] = message[0] & !7 | 4;
        same(bits, &message, piece)?;
    }
}
