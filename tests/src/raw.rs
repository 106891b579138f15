//! The transports of stories: the runtime's TCP, or a pipe or a flood in memory.

use std::fmt;
use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use tokio::io::DuplexStream;
use wsstream_core::pump::{Socket, Taken};
use wsstream_net::NetSocket;
use wsstream_tokio::Io;

use crate::flood::Flood;
use crate::io::{Read, Write};
use crate::runtime::TestRuntime;

/// A transport.
#[expect(clippy::exhaustive_enums, reason = "what the stories need")]
pub enum Raw<R: TestRuntime> {
    /// TCP.
    Tcp(NetSocket<R::Net>),
    /// A pipe in memory: tokio's, which needs no runtime, so that it is the same for all.
    Pipe(Io<DuplexStream>),
    /// Octets without end.
    Flood(Box<Flood>),
}

impl<R: TestRuntime> Raw<R> {
    /// Both ends of a pipe that holds `len` octets each way.
    #[must_use]
    pub fn pipe(len: usize) -> (Self, Self) {
        let (a, b) = tokio::io::duplex(len);
        (Self::Pipe(Io::new(a)), Self::Pipe(Io::new(b)))
    }
}

impl<R: TestRuntime> fmt::Debug for Raw<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp(_) => "Tcp",
            Self::Pipe(_) => "Pipe",
            Self::Flood(_) => "Flood",
        })
    }
}

/// All arms do the same.
macro_rules! either {
    ($raw:expr, $socket:ident => $what:expr) => {
        match $raw {
            Raw::Tcp($socket) => $what,
            Raw::Pipe($socket) => $what,
            Raw::Flood($socket) => $what,
        }
    };
}

impl<R: TestRuntime> Socket for Raw<R> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        either!(self, socket => Socket::poll_read(socket, cx, buf))
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => Socket::poll_write(socket, cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, socket => Socket::is_write_vectored(socket))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, socket => Socket::poll_flush(socket, cx))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, socket => Socket::poll_shutdown(socket, cx))
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self, socket => Socket::poll_retry_write(socket, cx, bufs))
    }

    fn taken(&self) -> Option<Taken> {
        either!(self, socket => Socket::taken(socket))
    }

    fn has_hung_up(&self) -> bool {
        either!(self, socket => Socket::has_hung_up(socket))
    }

    fn abort_on_drop(&mut self, abort: bool) {
        either!(self, socket => Socket::abort_on_drop(socket, abort));
    }
}

impl<R: TestRuntime> Read for Raw<R> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Socket::poll_read(self, cx, buf)
    }
}

impl<R: TestRuntime> Write for Raw<R> {
    fn poll_write(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Socket::poll_write(self, cx, &[IoSlice::new(data)])
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_flush(self, cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Socket::poll_shutdown(self, cx)
    }
}
