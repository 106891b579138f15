//! futures-io's streams, and a clock, as the pump wants them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::Timestamp;
use wsstream_core::pump::{self, Timer as _};

use crate::timer::Timer;

#[derive(Debug)]
pub(crate) struct Transport<S> {
    pub(crate) io: S,
    /// Not known to write the first slice only.
    vectored: bool,
    timer: Timer,
}

impl<S> Transport<S> {
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            vectored: true,
            timer: Timer::new(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> pump::Transport for Transport<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [buf] = bufs {
            return Pin::new(&mut self.io).poll_write(cx, buf);
        }
        let written = ready!(Pin::new(&mut self.io).poll_write_vectored(cx, bufs))?;
        // A stream cannot be asked. One that writes the first slice only is known by doing so, and costs
        // one short write; a socket that happened to have just that much room loses a little speed.
        if bufs.first().is_some_and(|first| written == first.len()) {
            self.vectored = false;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_close(cx)
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

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::io::Cursor;
    use wsstream_core::pump::Transport as _;

    use super::*;

    /// Writes as futures-io does for those who do not say how.
    struct FirstOnly(Vec<u8>);

    impl AsyncRead for FirstOnly {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for FirstOnly {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            data: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.get_mut().0.extend_from_slice(data);
            Poll::Ready(Ok(data.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn vectored_after(io: impl AsyncRead + AsyncWrite + Unpin, bufs: &[&[u8]]) -> bool {
        let bufs: Vec<_> = bufs.iter().map(|buf| IoSlice::new(buf)).collect();
        let mut transport = Transport::new(io);
        let written = transport.poll_write(&mut Context::from_waker(Waker::noop()), &bufs);
        assert!(matches!(written, Poll::Ready(Ok(1..))));
        transport.is_write_vectored()
    }

    #[test]
    fn who_writes_the_first_slice_only_is_known_by_the_first_write() {
        assert!(vectored_after(FirstOnly(Vec::new()), &[b"one"]));
        assert!(!vectored_after(FirstOnly(Vec::new()), &[b"one", b"two"]));
        for room in [1, 2, 4, 5, 6, 7] {
            let io = Cursor::new(vec![0; room]);
            assert!(vectored_after(io, &[b"one", b"two"]), "{room}");
        }
        assert!(!vectored_after(Cursor::new(vec![0; 3]), &[b"one", b"two"]));
    }
}
