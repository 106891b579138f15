use alloc::vec;
use alloc::vec::Vec;

use super::compressor::TAIL;
use super::{Compressor, Decompressor, Sink};
use crate::work::Work;

mod codecs;
mod reference;
mod window;

use reference::Reference;

/// Compresses `data` as messages of these lengths, in turn; the octets with each message's tail.
pub(crate) fn compressed(level: u8, window_bits: u8, data: &[u8], lengths: &[usize]) -> Vec<u8> {
    let mut compressor = Compressor::new(level, window_bits);
    let mut stream = Vec::new();
    let mut rest = data;
    for len in lengths.iter().cycle() {
        let (piece, after) = rest.split_at(rest.len().min(*len));
        let mut room = vec![0; 2 * piece.len() + 1000];
        let mut sink = Sink::new(&mut room);
        assert!(compressor.push(piece, &mut sink) && compressor.flush(&mut sink));
        let len = sink.len();
        assert_eq!(sink.len_without_tail(), Some(len - 4));
        stream.extend_from_slice(&room[..len]);
        rest = after;
        if rest.is_empty() {
            return stream;
        }
    }
    stream
}

/// Inflates all of `stream`, given in pieces of `len`.
fn inflated(stream: &[u8], len: usize) -> Vec<u8> {
    let mut inflater = Decompressor::new(15);
    let mut out = Vec::new();
    for mut piece in stream.chunks(len) {
        while !piece.is_empty() || inflater.has_more() {
            piece = &piece[inflater.inflate(piece, &mut Work::unbounded())..];
            assert!(!inflater.is_broken());
            out.extend_from_slice(inflater.take(usize::MAX));
        }
    }
    out
}

/// What nothing can compress.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    core::iter::repeat_with(next).take(len).collect()
}

/// Text, runs, numbers and noise, with repetitions near and far.
pub(crate) fn sample(len: usize) -> Vec<u8> {
    let mut state = 1u32;
    let mut data = Vec::with_capacity(len + 100);
    while data.len() < len {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match state >> 29 {
            0 => data.extend_from_slice(&state.to_le_bytes()),
            1 => data.extend_from_slice(&[0; 70]),
            2 | 3 => {
                let back = (state >> 8) as usize % 40_000;
                let from = data.len().saturating_sub(back);
                let to = data.len().min(from + 50);
                data.extend_from_within(from..to);
            }
            _ => data.extend_from_slice(b"{\"id\": 17, \"name\": \"wsstream\"}\n"),
        }
    }
    data.truncate(len);
    data
}

#[test]
fn rfc7692_s7_1_2_no_reference_is_further_back_than_the_window() {
    let data = sample(300_000);
    for bits in 8..=15 {
        for level in [1, 6, 9] {
            for lengths in [&[4096usize][..], &[1, 255, 256, 257, 10_000], &[70_000]] {
                let stream = compressed(level, bits, &data, lengths);
                let mut reference = Reference::new();
                reference.inflate(&stream);
                assert_eq!(reference.out, data);
                let furthest = reference.furthest;
                assert!(furthest <= 1 << bits, "{furthest} with {bits} bits");
                assert_eq!(inflated(&stream, 1000), data);
            }
        }
    }
}

#[test]
fn at_15_bits_the_context_is_kept() {
    let noise = noise(4096);
    let kept = compressed(1, 15, &[&noise[..], &noise[..]].concat(), &[4096]);
    let once = compressed(1, 15, &noise, &[4096]);
    assert!(once.len() > 4000);
    assert!(
        kept.len() < once.len() + 100,
        "{} {}",
        kept.len(),
        once.len()
    );
}

/// zlib-rs 0.6.8 panics after some resets of a compressor whose output had no room: see `zlib.rs`.
#[test]
fn a_compressor_that_had_no_room_can_be_used_again() {
    let noise = noise(60_000);
    for level in 1..=9 {
        let mut compressor = Compressor::new(level, 15);
        for len in [100, 4096, 60_000, 2048, 60_000, 60_000] {
            let mut room = vec![0; len];
            let mut sink = Sink::new(&mut room);
            let fits = compressor.push(&noise[..len], &mut sink) && compressor.flush(&mut sink);
            assert!(!fits);
            compressor.reset();
        }
        let mut room = vec![0; 2000];
        let mut sink = Sink::new(&mut room);
        assert!(compressor.push(&noise[..1000], &mut sink) && compressor.flush(&mut sink));
        let len = sink.len();
        assert_eq!(inflated(&room[..len], 100), noise[..1000]);
    }
}

#[test]
fn the_tail_is_that_of_s7_2_1() {
    let stream = compressed(1, 15, b"Hello", &[5]);
    assert!(stream.ends_with(&TAIL));
    let mut reference = Reference::new();
    reference.inflate(&stream);
    assert_eq!(reference.out, b"Hello");
}

/// A message ends where a block ends, so another inflater goes on from the window alone.
#[test]
fn an_inflater_goes_on_from_the_window_of_another() {
    let data = sample(200_000);
    for bits in 8..=15 {
        for lengths in [&[4096_usize][..], &[1, 255, 256, 257, 10_000], &[70_000]] {
            let mut compressor = Compressor::new(1, bits);
            let (mut window, mut out) = (Vec::new(), Vec::new());
            let mut lengths = lengths.iter().cycle();
            while out.len() < data.len() {
                let rest = &data[out.len()..];
                let message = &rest[..rest.len().min(*lengths.next().unwrap())];
                let mut room = vec![0; 2 * message.len() + 1000];
                let mut sink = Sink::new(&mut room);
                assert!(compressor.push(message, &mut sink) && compressor.flush(&mut sink));
                let len = sink.len_without_tail().unwrap();
                let mut inflater = Decompressor::new(bits);
                inflater.resume(&window);
                let mut wire = &room[..len];
                while !wire.is_empty() || inflater.has_more() {
                    wire = &wire[inflater.inflate(wire, &mut Work::unbounded())..];
                    out.extend_from_slice(inflater.take(usize::MAX));
                }
                inflater.end_message();
                assert!(!inflater.is_broken() && inflater.waiting() == 0);
                window = inflater.window().to_vec();
                assert!(data[..out.len()].ends_with(&window));
                assert_eq!(window.len(), out.len().min(1 << bits));
            }
            assert!(out == data);
        }
    }
}
