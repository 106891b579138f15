//! tokio's streams and clock, as the pump wants them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::coop;
use wsstream_core::Timestamp;
use wsstream_core::pump::{self, Taken, Timer as _};

use crate::over_socket::OverSocket;
use crate::timer::Timer;

#[derive(Debug)]
pub(crate) struct Transport<S> {
    pub(crate) io: S,
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

    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // tokio counts where its sockets are asked, and nowhere else.
        coop::poll_proceed(cx).map(|turn| turn.made_progress())
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use wsstream_core::pump::Transport as _;

    use super::*;

    /// More than a task has.
    const MANY: usize = 10_000;

    #[test]
    fn a_task_has_so_many_turns_until_others_have_theirs() {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(async {
            let mut transport = Transport::new(tokio::io::empty());
            let (mut polls, mut turns) = (0, 0);
            poll_fn(|cx| {
                polls += 1;
                while transport.poll_proceed(cx).is_ready() {
                    turns += 1;
                    if polls == 3 || turns == MANY {
                        return Poll::Ready(());
                    }
                }
                Poll::Pending
            })
            .await;
            assert!((2..MANY).contains(&turns), "{turns}");
        });
    }
}
