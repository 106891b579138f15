//! The sockets of async-std.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use socket2::SockRef;
use wsstream_core::pump::Socket;

/// A TCP or Unix socket of async-std's as a [`Socket`]. It dereferences to async-std's.
///
/// When it is shut down, so is the system's socket: async-std's own `close` only flushes.
#[derive(Debug)]
pub struct SystemSocket<S>(S);

impl<S> SystemSocket<S> {
    pub(crate) const fn new(socket: S) -> Self {
        Self(socket)
    }

    /// async-std's socket.
    pub fn into_inner(self) -> S {
        self.0
    }
}

impl<S> Deref for SystemSocket<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> Socket for SystemSocket<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
    for<'a> SockRef<'a>: From<&'a S>,
{
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let socket = Pin::new(&mut self.0);
        if let [buf] = bufs {
            return socket.poll_write(cx, buf);
        }
        socket.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    /// Where both directions have ended already the system refuses, which is as good.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        Poll::Ready(match SockRef::from(&self.0).shutdown(Shutdown::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        })
    }
}
