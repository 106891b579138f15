//! A pool of compressors and decompressors, lent to connections while they need them.
//!
//! A compressor takes 300 KiB. A connection needs it during a message, and with context takeover for a while after it.
//! Each thread keeps a few spare ones, and frees the rest.

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

/// `None` if the pool is empty, or gone because the thread is ending.
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

/// A thread compresses one message after another, so it needs one compressor at a time. Decompressors stay with their
/// connections while these wait for a reader.
const MAX_POOLED: usize = 2;
