//! futures-io's streams, and a clock, as the pump wants them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use wsstream_core::Timestamp;
use wsstream_core::pump::{self, Taken, Timer as _};

use crate::over_socket::OverSocket;
use crate::timer::Timer;

#[derive(Debug)]
pub(crate) struct Transport<S> {
    pub(crate) io: S,
    /// Not known to write the first slice only.
    vectored: bool,
    /// How often this was somebody's turn since it last was not.
    turns: u8,
    timer: Timer,
    /// One word: connections that are idle have it too.
    way: Option<fn() -> Way<S>>,
}

/// How the socket below `S` is reached.
struct Way<S> {
    taken: fn(&S) -> Option<Taken>,
    retry_write: RetryWrite<S>,
}

type RetryWrite<S> = fn(&mut S, &mut Context<'_>, &[IoSlice<'_>]) -> Poll<io::Result<usize>>;

impl<S> Transport<S> {
    /// Over any stream, of which nothing more is known.
    pub(crate) fn new(io: S) -> Self {
        Self {
            io,
            vectored: true,
            turns: 0,
            timer: Timer::new(),
            way: None,
        }
    }
}

impl<S: OverSocket> Transport<S> {
    /// Over a stream that we made.
    pub(crate) fn over_socket(io: S) -> Self {
        let way = || Way {
            taken: S::taken,
            retry_write: S::poll_retry_write,
        };
        Self {
            way: Some(way),
            ..Self::new(io)
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

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.way {
            Some(way) => (way().retry_write)(&mut self.io, cx, bufs),
            None if bufs.is_empty() => self.poll_flush(cx).map_ok(|()| 0),
            None => self.poll_write(cx, bufs),
        }
    }

    fn taken(&self) -> Option<Taken> {
        (self.way?().taken)(&self.io)
    }

    /// async-std and smol have no budget for a task, so the connection has one.
    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.turns == TURNS {
            self.turns = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.turns += 1;
        Poll::Ready(())
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

/// As many as tokio gives a task.
const TURNS: u8 = 128;

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use wsstream_core::pump::Transport as _;

    use super::*;

    /// Takes so many octets; of the first slice only, if it is as futures-io is for those who do not say.
    struct Takes {
        room: usize,
        first_only: bool,
    }

    impl AsyncRead for Takes {
        fn poll_read(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            _: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Takes {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            data: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(data.len().min(self.room)))
        }

        fn poll_write_vectored(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            let slices = if self.first_only { 1 } else { bufs.len() };
            let len: usize = bufs[..slices].iter().map(|buf| buf.len()).sum();
            Poll::Ready(Ok(len.min(self.room)))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn who_writes_the_first_slice_only_is_known_by_the_first_write() {
        for (first_only, room, slices, vectored) in [
            (true, 100, 1, true),
            (true, 2, 2, true),
            (true, 100, 2, false),
            (false, 2, 2, true),
            (false, 4, 2, true),
            (false, 100, 2, true),
            // It cannot be told from the others.
            (false, 3, 2, false),
        ] {
            let mut transport = Transport::new(Takes { room, first_only });
            let bufs = [IoSlice::new(b"one"), IoSlice::new(b"two")];
            let cx = &mut Context::from_waker(Waker::noop());
            let written = transport.poll_write(cx, &bufs[..slices]);
            assert!(matches!(written, Poll::Ready(Ok(1..))));
            assert_eq!(
                transport.is_write_vectored(),
                vectored,
                "{first_only} {room} {slices}"
            );
        }
    }

    #[test]
    fn a_connection_has_so_many_turns_until_others_have_theirs() {
        let mut transport = Transport::new(futures_util::io::Cursor::new(Vec::new()));
        let cx = &mut Context::from_waker(Waker::noop());
        for _ in 0..3 {
            let turns = (0..1000).take_while(|_| transport.poll_proceed(cx).is_ready());
            assert_eq!(turns.count(), usize::from(TURNS));
        }
    }
}
