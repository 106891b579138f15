//! One type of socket, whatever is underneath.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use wsstream_core::pump::{AutoFlush, Permit, RelayEnd, Socket, Stream, Taken};

use crate::descriptor::EndpointAddress;
use crate::runtime::Runtime;

/// A TCP connection, a Unix socket, or TLS or WebSocket over another one: whatever a plan gives.
///
/// What is written leaves without a flush, whatever it goes over.
pub struct NetSocket<R: Runtime>(Layer<R>);

enum Layer<R: Runtime> {
    Tcp(R::Tcp),
    #[cfg(unix)]
    Unix(R::Unix),
    /// In a box, as everything that goes over another socket: else the type would have no size.
    Tls(Box<AutoFlush<R::Tls<NetSocket<R>>>>),
    WebSocket(Stream<NetSocket<R>, R::Clock>),
    /// An accepted connection without WebSocket on top: its listener counts it as long as it lives.
    Counted(Box<Counted<R>>),
}

struct Counted<R: Runtime> {
    socket: NetSocket<R>,
    #[expect(dead_code, reason = "its drop tells the listener")]
    permit: Permit,
}

/// Does the same with any layer.
macro_rules! on_layer {
    ($layer:expr, $socket:ident => $act:expr) => {
        match $layer {
            Layer::Tcp($socket) => $act,
            #[cfg(unix)]
            Layer::Unix($socket) => $act,
            Layer::Tls($socket) => $act,
            Layer::WebSocket($socket) => $act,
            Layer::Counted(counted) => {
                let $socket = &mut counted.socket;
                $act
            }
        }
    };
}

impl<R: Runtime> NetSocket<R> {
    /// Takes a TCP connection.
    pub const fn from_tcp(tcp: R::Tcp) -> Self {
        Self(Layer::Tcp(tcp))
    }

    /// Takes a Unix socket.
    #[cfg(unix)]
    pub const fn from_unix(unix: R::Unix) -> Self {
        Self(Layer::Unix(unix))
    }

    /// Takes TLS that was agreed on already.
    pub fn from_tls(tls: R::Tls<Self>) -> Self {
        Self(Layer::Tls(Box::new(AutoFlush::new(tls))))
    }

    /// Takes a byte stream over WebSocket.
    pub const fn from_websocket(stream: Stream<Self, R::Clock>) -> Self {
        Self(Layer::WebSocket(stream))
    }

    /// Counts as a connection of the permit's listener.
    pub(crate) fn counted(self, permit: Permit) -> Self {
        let socket = self;
        Self(Layer::Counted(Box::new(Counted { socket, permit })))
    }

    /// Sets up a socket that was made or accepted here.
    pub(crate) fn set_up(&self, nodelay: bool) -> io::Result<()> {
        if let Layer::Tcp(tcp) = &self.0 {
            let tcp = R::tcp_ref(tcp);
            wsstream_tcp_taken::keep_little_unsent(&*tcp);
            tcp.set_tcp_nodelay(nodelay)?;
        }
        Ok(())
    }

    /// The peer's address, at the bottom of it all.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<EndpointAddress> {
        self.system().peer_addr().map(EndpointAddress::from_system)
    }

    /// The address at this end, at the bottom of it all.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<EndpointAddress> {
        self.system().local_addr().map(EndpointAddress::from_system)
    }

    /// The system's socket at the bottom of it all.
    fn system(&self) -> SockRef<'_> {
        match &self.0 {
            Layer::Tcp(tcp) => R::tcp_ref(tcp),
            #[cfg(unix)]
            Layer::Unix(unix) => R::unix_ref(unix),
            Layer::Tls(tls) => R::tls_below(tls.socket()).system(),
            Layer::WebSocket(stream) => stream.socket().system(),
            Layer::Counted(counted) => counted.socket.system(),
        }
    }

    /// The socket below the outermost layer; `None` for a socket of the system's.
    pub fn below(&self) -> Option<&Self> {
        match &self.0 {
            Layer::Tcp(_) => None,
            #[cfg(unix)]
            Layer::Unix(_) => None,
            Layer::Tls(tls) => Some(R::tls_below(tls.socket())),
            Layer::WebSocket(stream) => Some(stream.socket()),
            Layer::Counted(counted) => counted.socket.below(),
        }
    }

    /// The TCP connection at the bottom of it all; `None` over a Unix socket.
    pub fn tcp(&self) -> Option<&R::Tcp> {
        match &self.0 {
            Layer::Tcp(tcp) => Some(tcp),
            Layer::Counted(counted) => counted.socket.tcp(),
            _ => self.below()?.tcp(),
        }
    }

    /// The TCP connection alone.
    ///
    /// # Errors
    ///
    /// The socket itself, if it is anything else.
    pub fn into_tcp(self) -> Result<R::Tcp, Self> {
        match self.0 {
            Layer::Tcp(tcp) => Ok(tcp),
            Layer::Counted(counted) if matches!(counted.socket.0, Layer::Tcp(_)) => {
                counted.socket.into_tcp()
            }
            other => Err(Self(other)),
        }
    }

    /// Whether the outermost layer is TLS.
    pub fn is_tls(&self) -> bool {
        match &self.0 {
            Layer::Tls(_) => true,
            Layer::Counted(counted) => counted.socket.is_tls(),
            _ => false,
        }
    }

    /// What TLS knows of the peer, its certificates for example; `None` if the outermost layer is not TLS.
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&rustls::CommonState> {
        match &self.0 {
            Layer::Tls(tls) => R::tls_state(tls.socket()),
            Layer::Counted(counted) => counted.socket.tls(),
            _ => None,
        }
    }

    /// The WebSocket, if that is the outermost layer: what was agreed on, and what the connection can tell.
    pub const fn websocket(&self) -> Option<&Stream<Self, R::Clock>> {
        match &self.0 {
            Layer::WebSocket(stream) => Some(stream),
            _ => None,
        }
    }

    /// The same, for what only a WebSocket does: to close with a code, to switch compression.
    pub const fn websocket_mut(&mut self) -> Option<&mut Stream<Self, R::Clock>> {
        match &mut self.0 {
            Layer::WebSocket(stream) => Some(stream),
            _ => None,
        }
    }

    /// Ends both directions: sends what was written, and discards what comes until the peer's end. Over
    /// WebSocket, success tells that all has arrived: see [`Stream::close`].
    ///
    /// # Errors
    ///
    /// The socket's.
    pub async fn close(&mut self) -> io::Result<()> {
        if let Layer::WebSocket(stream) = &mut self.0 {
            return stream.close().await;
        }
        poll_fn(|cx| self.poll_shutdown(cx)).await?;
        let mut discarded = [0; 1024];
        while poll_fn(|cx| self.poll_read(cx, &mut discarded)).await? > 0 {}
        Ok(())
    }
}

impl<R: Runtime> Socket for NetSocket<R> {
    #[inline]
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.0, socket => Socket::poll_read(socket, cx, buf))
    }

    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_layer!(&mut self.0, socket => Socket::poll_write(socket, cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Layer::Tcp(tcp) => tcp.is_write_vectored(),
            #[cfg(unix)]
            Layer::Unix(unix) => unix.is_write_vectored(),
            Layer::Tls(tls) => Socket::is_write_vectored(&**tls),
            Layer::WebSocket(stream) => Socket::is_write_vectored(stream),
            Layer::Counted(counted) => counted.socket.is_write_vectored(),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_layer!(&mut self.0, socket => Socket::poll_flush(socket, cx))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Layer::Tcp(tcp) => {
                ready!(tcp.poll_flush(cx))?;
                Poll::Ready(end(&R::tcp_ref(tcp)))
            }
            #[cfg(unix)]
            Layer::Unix(unix) => {
                ready!(unix.poll_flush(cx))?;
                Poll::Ready(end(&R::unix_ref(unix)))
            }
            Layer::Tls(tls) => Socket::poll_shutdown(&mut **tls, cx),
            Layer::WebSocket(stream) => Socket::poll_shutdown(stream, cx),
            Layer::Counted(counted) => counted.socket.poll_shutdown(cx),
        }
    }

    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.0 {
            Layer::Tcp(tcp) => match send(&R::tcp_ref(tcp), bufs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => tcp.poll_write(cx, bufs),
                sent => Poll::Ready(sent),
            },
            #[cfg(unix)]
            Layer::Unix(unix) => match send(&R::unix_ref(unix), bufs) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    unix.poll_write(cx, bufs)
                }
                sent => Poll::Ready(sent),
            },
            Layer::Tls(tls) => Socket::poll_retry_write(&mut **tls, cx, bufs),
            Layer::WebSocket(stream) => Socket::poll_retry_write(stream, cx, bufs),
            Layer::Counted(counted) => counted.socket.poll_retry_write(cx, bufs),
        }
    }

    fn taken(&self) -> Option<Taken> {
        match &self.0 {
            Layer::Tcp(tcp) => {
                let (octets, all) = wsstream_tcp_taken::taken(&*R::tcp_ref(tcp))?;
                Some(Taken { octets, all })
            }
            #[cfg(unix)]
            Layer::Unix(_) => None,
            Layer::Tls(tls) => Socket::taken(&**tls),
            Layer::WebSocket(stream) => Socket::taken(stream),
            Layer::Counted(counted) => counted.socket.taken(),
        }
    }

    fn readable(&self) -> usize {
        match &self.0 {
            Layer::WebSocket(stream) => stream.readable(),
            _ => 0,
        }
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        match &mut self.0 {
            Layer::Tls(tls) => {
                Socket::poll_drive(&mut **tls, cx);
                R::tls_below_mut(tls.socket_mut()).poll_drive(cx);
            }
            Layer::WebSocket(stream) => Socket::poll_drive(stream, cx),
            Layer::Counted(counted) => counted.socket.poll_drive(cx),
            _ => {}
        }
    }

    fn relay_end(&mut self) -> Option<&mut dyn RelayEnd> {
        match &mut self.0 {
            Layer::WebSocket(stream) => Some(stream),
            _ => None,
        }
    }
}

impl<R: Runtime> fmt::Debug for NetSocket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Layer::Tcp(tcp) => f.debug_tuple("Tcp").field(tcp).finish(),
            #[cfg(unix)]
            Layer::Unix(unix) => f.debug_tuple("Unix").field(unix).finish(),
            Layer::Tls(tls) => f.debug_tuple("Tls").field(tls).finish(),
            Layer::WebSocket(stream) => f.debug_tuple("WebSocket").field(stream).finish(),
            Layer::Counted(counted) => counted.socket.fmt(f),
        }
    }
}

/// Ends the write side. Some runtimes only flush when they are told to close. Where both directions have ended already
/// the system refuses, which is as good.
fn end(socket: &SockRef<'_>) -> io::Result<()> {
    match socket.shutdown(Shutdown::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        ended => ended,
    }
}

/// Sends the first octets there are, as std does: a peer that is gone does not have the process killed.
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
