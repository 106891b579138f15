//! tokio's streams and clock, as the pump wants them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wsstream_core::Timestamp;
use wsstream_core::pump::{self, Timer as _};

use crate::timer::Timer;

#[derive(Debug)]
pub(crate) struct Transport<S> {
    pub(crate) io: S,
    timer: Timer,
}

impl<S> Transport<S> {
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            timer: Timer::new(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> pump::Transport for Transport<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buf = ReadBuf::new(buf);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut buf))?;
        Poll::Ready(Ok(buf.filled().len()))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs {
            [buf] => Pin::new(&mut self.io).poll_write(cx, buf),
            bufs => Pin::new(&mut self.io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn now(&self) -> Timestamp {
        self.timer.now()
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        self.timer.poll_sleep(cx, deadline)
    }

    fn forget_sleep(&mut self) {
        self.timer.forget_sleep();
    }
}
