//! A transport that always has more of the same, and takes everything.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures_util::io::{AsyncRead, AsyncWrite};
use tokio::io::ReadBuf;

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

    fn read(&mut self, buf: &mut [u8]) -> usize {
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
        count
    }
}

impl AsyncRead for Flood {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.get_mut().read(buf)))
    }
}

impl AsyncWrite for Flood {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncRead for Flood {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.get_mut().read(buf.initialize_unfilled());
        buf.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for Flood {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(self, cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(self, cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_close(self, cx)
    }
}
