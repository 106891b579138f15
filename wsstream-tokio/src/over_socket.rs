//! What a socket is asked for past the runtime, through the layers over it that we know.

use std::io::{self, IoSlice};
use std::pin::Pin;
#[cfg(feature = "rustls")]
use std::task::ready;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
#[cfg(feature = "rustls")]
use tokio_rustls::{
    TlsStream,
    rustls::{ConnectionCommon, SideData},
};
use wsstream_core::pump::Taken;

/// A socket, or what goes over one that it can reach: see [`Transport`](wsstream_core::pump::Transport).
pub(crate) trait OverSocket: AsyncRead + AsyncWrite + Unpin {
    /// What the peer has taken.
    fn taken(&self) -> Option<Taken>;

    /// Writes though the runtime does not know of room. Without octets, only what was held back.
    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>>;
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

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = send(&SockRef::from(&*self), bufs);
        or_write(self, cx, bufs, sent)
    }
}

#[cfg(unix)]
impl OverSocket for tokio::net::UnixStream {
    fn taken(&self) -> Option<Taken> {
        None
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = send(&SockRef::from(&*self), bufs);
        or_write(self, cx, bufs, sent)
    }
}

/// Sends what is first, as std does: it does not have the process killed for a peer that is gone.
fn send(socket: &SockRef<'_>, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    const FLAGS: i32 = libc::MSG_NOSIGNAL;
    #[cfg(not(any(target_os = "android", target_os = "linux")))]
    const FLAGS: i32 = 0;
    match bufs.iter().find(|buf| !buf.is_empty()) {
        Some(buf) => socket.send_with_flags(buf, FLAGS),
        None => Ok(0),
    }
}

/// Waits for room as usual if there is none.
fn or_write<S: AsyncWrite + Unpin>(
    socket: &mut S,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
    sent: io::Result<usize>,
) -> Poll<io::Result<usize>> {
    match sent {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Pin::new(socket).poll_write_vectored(cx, bufs)
        }
        sent => Poll::Ready(sent),
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

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Client(tls) => {
                let (io, session) = tls.get_mut();
                retry_tls(io, session, cx, bufs)
            }
            Self::Server(tls) => {
                let (io, session) = tls.get_mut();
                retry_tls(io, session, cx, bufs)
            }
        }
    }
}

/// Sends the ciphertext that waits, and then what there is room for.
#[cfg(feature = "rustls")]
fn retry_tls<S: OverSocket, D: SideData>(
    io: &mut S,
    session: &mut ConnectionCommon<D>,
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    use io::Write as _;

    let mut past = PastReadiness { io, cx };
    ready!(past.send(session))?;
    let written = session.writer().write_vectored(bufs)?;
    // It is taken. What does not leave now is held back.
    if let Poll::Ready(Err(error)) = past.send(session) {
        return Poll::Ready(Err(error));
    }
    Poll::Ready(Ok(written))
}

/// What rustls writes to.
#[cfg(feature = "rustls")]
struct PastReadiness<'a, 'b, S> {
    io: &'a mut S,
    cx: &'a mut Context<'b>,
}

#[cfg(feature = "rustls")]
impl<S: OverSocket> PastReadiness<'_, '_, S> {
    fn send<D: SideData>(&mut self, session: &mut ConnectionCommon<D>) -> Poll<io::Result<()>> {
        while session.wants_write() {
            match session.write_tls(self) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(feature = "rustls")]
impl<S: OverSocket> io::Write for PastReadiness<'_, '_, S> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self.io.poll_retry_write(self.cx, &[IoSlice::new(data)]) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
