//! Socket calls below TLS that bypass the runtime's readiness.

use std::io::{self, IoSlice, Write as _};
use std::ops::DerefMut;
use std::task::{Context, Poll, ready};

use rustls::{CommonState, ConnectionCommon, SideData};
use wsstream_core::pump::{Socket, Taken};

/// How much the peer has taken, for [`Socket::taken`] of TLS over `socket`. It is not all while
/// ciphertext waits.
pub fn taken(socket: &impl Socket, session: &CommonState) -> Option<Taken> {
    let Taken { octets, all } = socket.taken()?;
    let all = all && !session.wants_write();
    Some(Taken { octets, all })
}

/// The [`Socket::poll_retry_write`] of TLS: sends waiting ciphertext, and then as much of `bufs` as
/// fits. It takes the stream below and the session, as `get_mut` of a TLS stream returns them.
///
/// # Errors
///
/// Errors of the socket.
pub fn poll_retry_write<D: SideData>(
    (below, session): (
        &mut impl DerefMut<Target: Socket + Sized>,
        &mut impl DerefMut<Target = ConnectionCommon<D>>,
    ),
    cx: &mut Context<'_>,
    bufs: &[IoSlice<'_>],
) -> Poll<io::Result<usize>> {
    let socket = &mut **below;
    let mut past = PastReadiness { socket, cx };
    ready!(past.send(session))?;
    let written = session.writer().write_vectored(bufs)?;
    // The octets are accepted. Ciphertext that cannot be sent now waits.
    if let Poll::Ready(Err(error)) = past.send(session) {
        return Poll::Ready(Err(error));
    }
    Poll::Ready(Ok(written))
}

/// The socket that rustls writes to.
struct PastReadiness<'a, 'b, S> {
    socket: &'a mut S,
    cx: &'a mut Context<'b>,
}

impl<S: Socket> PastReadiness<'_, '_, S> {
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

impl<S: Socket> io::Write for PastReadiness<'_, '_, S> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let bufs = [IoSlice::new(data)];
        match self.socket.poll_retry_write(self.cx, &bufs) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
