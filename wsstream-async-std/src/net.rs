//! What is dialled and listened on: TCP, with or without TLS.

use std::io::{self, IoSlice};
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::net::TcpStream;
use futures_io::{AsyncRead, AsyncWrite};
#[cfg(feature = "rustls")]
use futures_rustls::TlsStream;
use wsstream_core::pump::Taken;

use crate::over_socket::OverSocket;

/// A TCP connection, or TLS over one: the transport of what [`connect`](crate::connect()) and
/// [`Listener`](crate::Listener) give. The type is the same with the feature `rustls` and without.
///
/// Closing it ends TCP's write side, so that the peer reads an end. async-std's `TcpStream` does nothing
/// of the kind, nor does async-io's `Async`: what is to be [accepted](crate::accept_with()),
/// [connected](crate::connect_on()) or [relayed](crate::relay()) should be one of these, made with `from`,
/// or smol's `TcpStream`, which does it too.
#[derive(Debug)]
pub struct NetStream(Layer);

#[derive(Debug)]
enum Layer {
    Tcp(TcpStream),
    /// Boxed: who has no TLS does not pay for its size.
    #[cfg(feature = "rustls")]
    Tls(Box<TlsStream<TcpStream>>),
}

impl NetStream {
    /// The TCP connection; with TLS, the one below it.
    pub fn tcp(&self) -> &TcpStream {
        match &self.0 {
            Layer::Tcp(tcp) => tcp,
            #[cfg(feature = "rustls")]
            Layer::Tls(tls) => tls.get_ref().0,
        }
    }

    /// What TLS has found out about the peer, its certificates for example; `None` without TLS.
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&futures_rustls::rustls::CommonState> {
        match &self.0 {
            Layer::Tcp(_) => None,
            Layer::Tls(tls) => Some(tls.get_ref().1),
        }
    }

    /// Whether this is TLS.
    pub const fn is_tls(&self) -> bool {
        !matches!(self.0, Layer::Tcp(_))
    }

    /// The peer's address.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().peer_addr()
    }

    /// The address at this end.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp().local_addr()
    }

    /// The TCP connection alone.
    ///
    /// # Errors
    ///
    /// The stream itself if it is TLS, which cannot be taken off.
    pub fn into_tcp(self) -> Result<TcpStream, Self> {
        match self.0 {
            Layer::Tcp(tcp) => Ok(tcp),
            #[cfg(feature = "rustls")]
            tls @ Layer::Tls(_) => Err(Self(tls)),
        }
    }
}

impl From<TcpStream> for NetStream {
    fn from(tcp: TcpStream) -> Self {
        Self(Layer::Tcp(tcp))
    }
}

#[cfg(feature = "rustls")]
impl From<TlsStream<TcpStream>> for NetStream {
    fn from(tls: TlsStream<TcpStream>) -> Self {
        Self(Layer::Tls(Box::new(tls)))
    }
}

/// Sets up a TCP connection that was made or accepted here.
pub(crate) fn set_up(tcp: &TcpStream, nodelay: bool) -> io::Result<()> {
    wsstream_tcp_taken::keep_little_unsent(tcp);
    tcp.set_nodelay(nodelay)
}

/// Does the same with either layer.
macro_rules! on_layer {
    ($layer:expr, $io:ident => $act:expr) => {
        match $layer {
            Layer::Tcp($io) => $act,
            #[cfg(feature = "rustls")]
            Layer::Tls($io) => $act,
        }
    };
}

impl OverSocket for NetStream {
    fn taken(&self) -> Option<Taken> {
        on_layer!(&self.0, io => io.taken())
    }
}

impl AsyncRead for NetStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.get_mut().0, io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for NetStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.get_mut().0, io => Pin::new(io).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.get_mut().0, io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_layer!(&mut self.get_mut().0, io => Pin::new(io).poll_flush(cx))
    }

    /// Ends the write side, of TLS and of TCP. async-std's `TcpStream` only flushes.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(on_layer!(&mut this.0, io => Pin::new(io).poll_close(cx)))?;
        Poll::Ready(ended(this.tcp().shutdown(Shutdown::Write)))
    }
}

/// What came of ending a socket's write side. Where both sides have ended already that fails, and is as good.
pub(crate) fn ended(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        result => result,
    }
}
