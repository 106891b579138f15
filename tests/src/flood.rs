//! A transport that always has more of the same, and takes everything.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use wsstream_core::pump::Socket;

/// A transport that always has more of the same, and takes everything, on any runtime.
#[derive(Debug)]
pub struct Flood {
    wire: Vec<u8>,
    at: usize,
    reads: Arc<AtomicUsize>,
}

impl Flood {
    /// Of this, again and again; and how often it is read.
    #[must_use]
    pub fn new(wire: Vec<u8>) -> (Self, Arc<AtomicUsize>) {
        let reads = Arc::<AtomicUsize>::default();
        let flood = Self {
            wire,
            at: 0,
            reads: Arc::clone(&reads),
        };
        (flood, reads)
    }
}

impl Socket for Flood {
    fn poll_read(&mut self, _: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let enough = buf.len().min(1000);
        let mut count = 0;
        while count < enough {
            let rest = &self.wire[self.at..];
            let len = rest.len().min(enough - count);
            buf[count..count + len].copy_from_slice(&rest[..len]);
            count += len;
            self.at = (self.at + len) % self.wire.len();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bufs.iter().map(|buf| buf.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
