//! One type of stream, whatever is underneath.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use wsstream_core::endpoint::EndpointAddress;
use wsstream_core::handshake::Request;
use wsstream_core::pump::{self, Permit, Taken};

use crate::WsStream;
use crate::net::set_up;
use crate::over_socket::OverSocket;
#[cfg(feature = "rustls")]
use crate::tls::TlsLayer;
use crate::transport::Transport;

/// A stream that an endpoint has given: TCP, a Unix socket, TLS or WebSocket over another one.
/// A write leaves without a flush, whatever it goes over.
///
/// # Panics
///
/// Polling a WebSocket panics on a runtime without timers (`enable_time`), when it first needs one.
#[derive(Debug)]
pub struct EndpointStream {
    layer: Layer,
    /// Who was accepted without WebSocket counts as long as this lives.
    pub(super) permit: Option<Permit>,
}

#[derive(Debug)]
enum Layer {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "rustls")]
    Tls(Box<TlsLayer<EndpointStream>>),
    WebSocket(WsStream<EndpointStream>, Option<Box<Request>>),
}

impl EndpointStream {
    pub(super) fn websocket_over(
        stream: pump::Stream<Transport<Self>>,
        request: Option<Request>,
    ) -> Self {
        let inner = Box::new(stream);
        Layer::WebSocket(WsStream { inner }, request.map(Box::new)).into()
    }

    pub(super) fn set_up(&self, nodelay: bool) -> io::Result<()> {
        match &self.layer {
            Layer::Tcp(tcp) => set_up(tcp, nodelay),
            _ => Ok(()),
        }
    }

    /// Ends what nobody has accepted in time.
    pub(super) async fn turn_away(mut self) {
        if let Layer::WebSocket(stream, _) = &mut self.layer {
            // How the peer goes is its own business.
            let _ = poll_fn(|cx| stream.inner.poll_turn_away(cx)).await;
        }
    }

    /// The peer's address, at the bottom of it all.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn peer_addr(&self) -> io::Result<EndpointAddress> {
        match &self.layer {
            Layer::Tcp(tcp) => tcp.peer_addr().map(EndpointAddress::Tcp),
            #[cfg(unix)]
            Layer::Unix(unix) => unix.peer_addr().map(|address| unix_address(&address)),
            _ => match self.below() {
                Some(below) => below.peer_addr(),
                None => Err(io::ErrorKind::NotConnected.into()),
            },
        }
    }

    /// What carries this stream: `None` for a socket.
    pub fn below(&self) -> Option<&Self> {
        match &self.layer {
            Layer::WebSocket(stream, _) => Some(stream.get_ref()),
            #[cfg(feature = "rustls")]
            Layer::Tls(tls) => Some(tls.below()),
            _ => None,
        }
    }

    /// The WebSocket, if that is what this is: what was agreed on, and what the connection can tell.
    pub const fn websocket(&self) -> Option<&WsStream<Self>> {
        match &self.layer {
            Layer::WebSocket(stream, _) => Some(stream),
            _ => None,
        }
    }

    /// The same, for what only a WebSocket does: to close with a code, to switch compression.
    pub const fn websocket_mut(&mut self) -> Option<&mut WsStream<Self>> {
        match &mut self.layer {
            Layer::WebSocket(stream, _) => Some(stream),
            _ => None,
        }
    }

    /// The request, if this is a WebSocket that was accepted.
    pub fn request(&self) -> Option<&Request> {
        match &self.layer {
            Layer::WebSocket(_, request) => request.as_deref(),
            _ => None,
        }
    }

    /// Ends both directions: what was written is sent, and what comes is discarded until the peer's end.
    /// With WebSocket, success tells that all has arrived: see [`WsStream::close`].
    ///
    /// # Errors
    ///
    /// Those of the stream.
    pub async fn close(&mut self) -> io::Result<()> {
        if let Layer::WebSocket(stream, _) = &mut self.layer {
            return stream.close().await;
        }
        poll_fn(|cx| Pin::new(&mut *self).poll_shutdown(cx)).await?;
        let mut discarded = [0; 1024];
        loop {
            let mut buf = ReadBuf::new(&mut discarded);
            poll_fn(|cx| Pin::new(&mut *self).poll_read(cx, &mut buf)).await?;
            if buf.filled().is_empty() {
                return Ok(());
            }
        }
    }

    /// Does what is due without taking data: see [`WsStream::poll_drive`].
    pub fn poll_drive(&mut self, cx: &Context<'_>) {
        match &mut self.layer {
            #[cfg(feature = "rustls")]
            Layer::Tls(tls) => {
                tls.poll_drive(cx);
                tls.below_mut().poll_drive(cx);
            }
            Layer::WebSocket(stream, _) => stream.poll_drive(cx),
            _ => {}
        }
    }
}

#[cfg(unix)]
pub(super) fn unix_address(address: &tokio::net::unix::SocketAddr) -> EndpointAddress {
    let path = address.as_pathname();
    EndpointAddress::Unix(path.map(|path| path.to_string_lossy().into_owned()))
}

impl From<Layer> for EndpointStream {
    fn from(layer: Layer) -> Self {
        let permit = None;
        Self { layer, permit }
    }
}

impl From<TcpStream> for EndpointStream {
    fn from(tcp: TcpStream) -> Self {
        Layer::Tcp(tcp).into()
    }
}

#[cfg(unix)]
impl From<UnixStream> for EndpointStream {
    fn from(unix: UnixStream) -> Self {
        Layer::Unix(unix).into()
    }
}

#[cfg(feature = "rustls")]
impl From<TlsLayer<Self>> for EndpointStream {
    fn from(tls: TlsLayer<Self>) -> Self {
        Layer::Tls(Box::new(tls)).into()
    }
}

/// Does the same with any layer.
macro_rules! on_layer {
    ($layer:expr, $io:ident => $act:expr) => {
        match $layer {
            Layer::Tcp($io) => $act,
            #[cfg(unix)]
            Layer::Unix($io) => $act,
            #[cfg(feature = "rustls")]
            Layer::Tls($io) => $act,
            Layer::WebSocket($io, _) => $act,
        }
    };
}

impl OverSocket for WsStream<EndpointStream> {
    fn taken(&self) -> Option<Taken> {
        self.inner.taken()
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.poll_retry_write(cx, bufs)
    }
}

impl OverSocket for EndpointStream {
    fn taken(&self) -> Option<Taken> {
        on_layer!(&self.layer, io => io.taken())
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.layer, io => io.poll_retry_write(cx, bufs))
    }
}

impl AsyncRead for EndpointStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        on_layer!(&mut self.get_mut().layer, io => Pin::new(io).poll_read(cx, buf))
    }
}

impl AsyncWrite for EndpointStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.get_mut().layer, io => Pin::new(io).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.get_mut().layer, io => Pin::new(io).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        on_layer!(&self.layer, io => io.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_layer!(&mut self.get_mut().layer, io => Pin::new(io).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_layer!(&mut self.get_mut().layer, io => Pin::new(io).poll_shutdown(cx))
    }
}

#[cfg(test)]
mod tests;
