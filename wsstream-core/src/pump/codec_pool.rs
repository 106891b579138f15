//! Codecs lent to connections while they need them.
//!
//! A compressor takes 300 KiB, and is needed during a message, and for a while after it where context is
//! kept. Each thread keeps a few; what is beyond them is freed.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cell::RefCell;
use std::thread::LocalKey;

use crate::deflate::{CodecPool, Compressor, Decompressor};

type Spare<T> = RefCell<Vec<Box<T>>>;

std::thread_local! {
    static COMPRESSORS: Spare<Compressor> = const { RefCell::new(Vec::new()) };
    static DECOMPRESSORS: Spare<Decompressor> = const { RefCell::new(Vec::new()) };
}

/// The thread's spare codecs.
#[derive(Debug)]
pub(super) struct ThreadPool;

impl CodecPool for ThreadPool {
    fn compressor(&self, level: u8, window_bits: u8) -> Box<Compressor> {
        take(&COMPRESSORS)
            .filter(|compressor| compressor.is_for(level, window_bits))
            .unwrap_or_else(|| Box::new(Compressor::new(level, window_bits)))
    }

    fn decompressor(&self, window_bits: u8) -> Box<Decompressor> {
        take(&DECOMPRESSORS)
            .filter(|decompressor| decompressor.is_for(window_bits))
            .unwrap_or_else(|| Box::new(Decompressor::new(window_bits)))
    }

    fn give_compressor(&self, compressor: Box<Compressor>) {
        give(&COMPRESSORS, compressor);
    }

    fn give_decompressor(&self, decompressor: Box<Decompressor>) {
        give(&DECOMPRESSORS, decompressor);
    }
}

/// A thread that is ending has no pool any more.
fn take<T>(pool: &'static LocalKey<Spare<T>>) -> Option<Box<T>> {
    let pooled = pool.try_with(|pool| pool.borrow_mut().pop());
    pooled.ok().flatten()
}

fn give<T>(pool: &'static LocalKey<Spare<T>>, codec: Box<T>) {
    let _ = pool.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < MAX_POOLED {
            pool.push(codec);
        }
    });
}

/// A message is compressed in one go, so one of each is all that a thread needs at a time; inflaters
/// wait for their readers.
const MAX_POOLED: usize = 2;
