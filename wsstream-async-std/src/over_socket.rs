//! What a socket is asked for past the runtime, through the layers over it that we know.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use async_std::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
#[cfg(feature = "rustls")]
use futures_rustls::TlsStream;
use wsstream_core::pump::Taken;

/// A socket, or what goes over one that it can reach: see [`Transport`](wsstream_core::pump::Transport).
pub(crate) trait OverSocket: AsyncRead + AsyncWrite + Unpin {
    /// What the peer has taken.
    fn taken(&self) -> Option<Taken>;

    /// Writes though nobody has told of room. Without octets, only what was held back. async-io asks its
    /// sockets before it waits, so only layers that remember have more to do.
    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.is_empty() {
            return Pin::new(self).poll_flush(cx).map_ok(|()| 0);
        }
        Pin::new(self).poll_write_vectored(cx, bufs)
    }
}

impl<S: OverSocket> OverSocket for &mut S {
    fn taken(&self) -> Option<Taken> {
        S::taken(self)
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        S::poll_retry_write(self, cx, bufs)
    }
}

impl OverSocket for TcpStream {
    fn taken(&self) -> Option<Taken> {
        let (octets, all) = wsstream_tcp_taken::taken(self)?;
        Some(Taken { octets, all })
    }
}

#[cfg(unix)]
impl OverSocket for async_std::os::unix::net::UnixStream {
    fn taken(&self) -> Option<Taken> {
        None
    }
}

#[cfg(feature = "rustls")]
impl<S: OverSocket> OverSocket for TlsStream<S> {
    /// Not all while ciphertext waits here.
    fn taken(&self) -> Option<Taken> {
        let (io, session) = self.get_ref();
        let Taken { octets, all } = io.taken()?;
        let all = all && !session.wants_write();
        Some(Taken { octets, all })
    }
}
