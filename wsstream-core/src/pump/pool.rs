//! A pool of buffers, lent to connections while there is something in them.
//!
//! Idle connections hold no buffer. Each thread keeps a few spare ones, so that busy connections rarely allocate, and
//! frees the rest.

use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::connection::Connection;

std::thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Takes a buffer of [`BUFFER_LEN`] octets. Their values are arbitrary.
#[inline]
pub(super) fn take() -> Vec<u8> {
    let pooled = BUFFERS.try_with(|buffers| buffers.borrow_mut().pop());
    pooled.ok().flatten().unwrap_or_else(|| vec![0; BUFFER_LEN])
}

/// Gives a buffer back. One of another length did not come from the pool, and is freed.
#[inline]
pub(super) fn give(buffer: Vec<u8>) {
    if buffer.len() == BUFFER_LEN {
        // A thread that is ending has no pool any more. Then the buffer is freed.
        let _ = BUFFERS.try_with(|buffers| {
            let mut buffers = buffers.borrow_mut();
            if buffers.len() < MAX_POOLED {
                buffers.push(buffer);
            }
        });
    }
}

/// The number of spare buffers.
#[cfg(test)]
pub(super) fn pooled() -> usize {
    BUFFERS.with(|buffers| buffers.borrow().len())
}

/// The most that an outbox holds. A frame of 64 KiB and its header fit, so that one read can take them.
pub(super) const BUFFER_LEN: usize = Connection::OUTBOX_LEN;

/// A working task needs two buffers at a time, and a relay four.
const MAX_POOLED: usize = 8;
