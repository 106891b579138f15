//! Buffers lent to connections while they have something in them.
//!
//! A connection that is idle holds none. Each thread keeps a few, so that a busy connection never
//! allocates; what is beyond them is freed.

use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use crate::connection::Connection;

std::thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer of [`BUFFER_LEN`] octets, with anything in them.
#[inline]
pub(super) fn take() -> Vec<u8> {
    let pooled = BUFFERS.try_with(|buffers| buffers.borrow_mut().pop());
    pooled.ok().flatten().unwrap_or_else(|| vec![0; BUFFER_LEN])
}

/// Takes a buffer back. One of another length is freed: it did not come from here.
#[inline]
pub(super) fn give(buffer: Vec<u8>) {
    if buffer.len() == BUFFER_LEN {
        // A thread that is ending has no pool any more; then the buffer is freed.
        let _ = BUFFERS.try_with(|buffers| {
            let mut buffers = buffers.borrow_mut();
            if buffers.len() < MAX_POOLED {
                buffers.push(buffer);
            }
        });
    }
}

/// How many buffers wait to be lent.
#[cfg(test)]
pub(super) fn pooled() -> usize {
    BUFFERS.with(|buffers| buffers.borrow().len())
}

/// As long as an outbox gets; more than a frame of 64 KiB with its header, so that one read takes it.
pub(super) const BUFFER_LEN: usize = Connection::OUTBOX_LEN;

/// One task at work needs two at a time, a relay four.
const MAX_POOLED: usize = 8;
