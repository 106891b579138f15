//! The socket type of all plans.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use wsstream_core::pump::{AutoFlush, Connected, Info, Permit, RelayEnd, Socket, Stream, Taken};

use crate::descriptor::EndpointAddress;
use crate::runtime::Runtime;

/// A TCP connection, a Unix socket, or TLS or a WebSocket over another `NetSocket`: the result of any plan.
///
/// It sends what you write without a flush, even over TLS, where the runtime's own stream may wait for one.
pub struct NetSocket<R: Runtime>(Layer<R>);

enum Layer<R: Runtime> {
    Tcp(R::Tcp),
    #[cfg(unix)]
    Unix(R::Unix),
    /// Boxed, because the type contains itself. `Stream` boxes its own contents.
    Tls(Box<AutoFlush<R::Tls<NetSocket<R>>>>),
    /// TLS to a proxy, below what goes through its tunnel. It says nothing of who is at the tunnel's other end.
    ProxyTls(Box<AutoFlush<R::Tls<NetSocket<R>>>>),
    WebSocket(Stream<NetSocket<R>, R::Clock>),
    /// A TCP connection or Unix socket with the permit of its listener, which counts it until it is dropped, and can
    /// cut it off. Other layers hold the permit themselves.
    Counted(Box<AutoFlush<NetSocket<R>>>),
}

/// Evaluates an expression with the socket of any layer.
macro_rules! on_layer {
    ($layer:expr, $socket:ident => $act:expr) => {
        match $layer {
            Layer::Tcp($socket) => $act,
            #[cfg(unix)]
            Layer::Unix($socket) => $act,
            Layer::Tls($socket) | Layer::ProxyTls($socket) => $act,
            Layer::WebSocket($socket) => $act,
            Layer::Counted($socket) => $act,
        }
    };
}

impl<R: Runtime> NetSocket<R> {
    /// Wraps a TCP connection. Its socket options stay as they are.
    pub const fn from_tcp(tcp: R::Tcp) -> Self {
        Self(Layer::Tcp(tcp))
    }

    /// Wraps a connection over a Unix socket.
    #[cfg(unix)]
    pub const fn from_unix(unix: R::Unix) -> Self {
        Self(Layer::Unix(unix))
    }

    /// Wraps TLS after its handshake, to put further layers over it: see [`Runtime::tls_connect`].
    pub fn from_tls(tls: R::Tls<Self>) -> Self {
        Self(Layer::Tls(Self::delivered(tls)))
    }

    /// Wraps TLS to a proxy, which ends there.
    pub(crate) fn from_proxy_tls(tls: R::Tls<Self>) -> Self {
        Self(Layer::ProxyTls(Self::delivered(tls)))
    }

    fn delivered(tls: R::Tls<Self>) -> Box<AutoFlush<R::Tls<Self>>> {
        let tls = AutoFlush::new(tls).deliver_by(|dropped| R::spawn(dropped.deliver(R::clock())));
        Box::new(tls)
    }

    /// Wraps a byte stream over WebSocket, to put further layers over it.
    pub const fn from_websocket(stream: Stream<Self, R::Clock>) -> Self {
        Self(Layer::WebSocket(stream))
    }

    /// Holds a listener's permit until the socket is dropped, and obeys it when the listener cuts its connections off.
    pub(crate) fn counted(mut self, permit: Permit) -> Self {
        if let Layer::Tls(tls) = &mut self.0 {
            tls.set_permit(permit);
            return self;
        }
        let mut counted = Box::new(AutoFlush::new(self));
        counted.set_permit(permit);
        Self(Layer::Counted(counted))
    }

    /// For a socket that a further layer goes over, as the outermost one alone delivers what was accepted: it holds the
    /// socket until everything is taken, it has the listener's permit, and it ends with the listener. Dropped after that,
    /// the socket is not held again.
    pub(crate) fn delivered_from_above(self) -> Self {
        Self(match self.0 {
            Layer::Tls(tls) => Layer::Tls(Box::new(tls.deliver_by(drop))),
            Layer::ProxyTls(tls) => Layer::ProxyTls(Box::new(tls.deliver_by(drop))),
            Layer::WebSocket(stream) => Layer::WebSocket(stream.deliver_by(drop)),
            other => other,
        })
    }

    /// Sets the options of a TCP connection that this crate has dialled or accepted.
    pub(crate) fn set_up(&self, nodelay: bool) -> io::Result<()> {
        if let Layer::Tcp(tcp) = &self.0 {
            let tcp = R::tcp_ref(tcp);
            wsstream_tcp_taken::keep_little_unsent(&*tcp);
            tcp.set_tcp_nodelay(nodelay)?;
            tcp.set_tcp_keepalive(&keepalive())?;
        }
        Ok(())
    }

    /// The peer's address, from the TCP or Unix socket below all layers. Through a proxy it is the proxy's.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<EndpointAddress> {
        self.system().peer_addr().map(EndpointAddress::from_system)
    }

    /// The address of this end, from the TCP or Unix socket below all layers.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn local_addr(&self) -> io::Result<EndpointAddress> {
        self.system().local_addr().map(EndpointAddress::from_system)
    }

    /// Whether the system sends short writes at once (`TCP_NODELAY`), as it does on sockets of this crate unless their
    /// endpoint or listener says otherwise. Without effect over a Unix socket, which always does.
    ///
    /// # Errors
    ///
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        match self.tcp() {
            Some(tcp) => R::tcp_ref(tcp).set_tcp_nodelay(nodelay),
            None => Ok(()),
        }
    }

    /// The system's socket below all layers.
    fn system(&self) -> SockRef<'_> {
        match &self.0 {
            Layer::Tcp(tcp) => R::tcp_ref(tcp),
            #[cfg(unix)]
            Layer::Unix(unix) => R::unix_ref(unix),
            Layer::Tls(tls) | Layer::ProxyTls(tls) => R::tls_below(tls.get_ref()).system(),
            Layer::WebSocket(stream) => stream.get_ref().system(),
            Layer::Counted(counted) => counted.get_ref().system(),
        }
    }

    /// The socket below the outermost layer. `None` for TCP and Unix sockets.
    pub fn below(&self) -> Option<&Self> {
        match &self.0 {
            Layer::Tcp(_) => None,
            #[cfg(unix)]
            Layer::Unix(_) => None,
            Layer::Tls(tls) | Layer::ProxyTls(tls) => Some(R::tls_below(tls.get_ref())),
            Layer::WebSocket(stream) => Some(stream.get_ref()),
            Layer::Counted(counted) => counted.get_ref().below(),
        }
    }

    /// The TCP connection below all layers. `None` over a Unix socket.
    pub fn tcp(&self) -> Option<&R::Tcp> {
        match &self.0 {
            Layer::Tcp(tcp) => Some(tcp),
            Layer::Counted(counted) => counted.get_ref().tcp(),
            _ => self.below()?.tcp(),
        }
    }

    /// Unwraps a plain TCP connection. If a listener accepted it, it no longer counts there, and no shutdown ends it.
    ///
    /// # Errors
    ///
    /// Returns the socket itself if it is anything else: a Unix socket, or with TLS or WebSocket.
    pub fn into_tcp(self) -> Result<R::Tcp, Self> {
        match self.0 {
            Layer::Tcp(tcp) => Ok(tcp),
            Layer::Counted(counted) if matches!(counted.get_ref().0, Layer::Tcp(_)) => {
                counted.into_inner().into_tcp()
            }
            other => Err(Self(other)),
        }
    }

    /// Whether the outermost layer is TLS with the peer. TLS with a proxy is not, as it ends there.
    pub const fn is_tls(&self) -> bool {
        matches!(self.0, Layer::Tls(_))
    }

    /// The state of the TLS session, such as the peer's certificates. `None` if the outermost layer is not TLS.
    #[cfg(feature = "rustls")]
    pub fn tls(&self) -> Option<&rustls::CommonState> {
        match &self.0 {
            Layer::Tls(tls) => R::tls_state(tls.get_ref()),
            _ => None,
        }
    }

    /// What was agreed, counters, and how the WebSocket was closed. `None` if the outermost layer is not a WebSocket.
    pub fn info(&self) -> Option<Info> {
        self.websocket().map(Stream::info)
    }

    /// The WebSocket. `None` if the outermost layer is not a WebSocket.
    pub const fn websocket(&self) -> Option<&Stream<Self, R::Clock>> {
        match &self.0 {
            Layer::WebSocket(stream) => Some(stream),
            _ => None,
        }
    }

    /// The WebSocket, mutably, for example to close with a code or to switch compression on and off.
    pub const fn websocket_mut(&mut self) -> Option<&mut Stream<Self, R::Clock>> {
        match &mut self.0 {
            Layer::WebSocket(stream) => Some(stream),
            _ => None,
        }
    }

    /// Whether the drop of the socket lets the peer know that something is missing. Default: `false`.
    ///
    /// A peer takes the end of a TCP connection for the end of the data. Set this while you have not written everything,
    /// and the peer sees a reset instead, also if the program ends before. TLS then ends without its `close_notify`, and a
    /// WebSocket says Close 1011. A reset also discards what the peer's system has not acknowledged yet. Unix sockets
    /// have no reset: their peer sees an end.
    ///
    /// [`relay`](crate::relay()) does this by itself.
    pub fn abort_on_drop(&mut self, abort: bool) {
        match &mut self.0 {
            Layer::Tcp(tcp) => {
                // If the system refuses, the peer sees an end.
                let _ = R::tcp_ref(tcp).set_linger(abort.then_some(Duration::ZERO));
            }
            #[cfg(unix)]
            Layer::Unix(_) => {}
            Layer::Tls(tls) | Layer::ProxyTls(tls) => {
                Socket::abort_on_drop(&mut **tls, abort);
                R::tls_below_mut(tls.get_mut()).abort_on_drop(abort);
            }
            Layer::WebSocket(stream) => Socket::abort_on_drop(stream, abort),
            Layer::Counted(counted) => Socket::abort_on_drop(&mut **counted, abort),
        }
    }

    /// Sends what is still buffered, ends the write direction, and discards what arrives until the peer ends too.
    ///
    /// If the outermost layer is a WebSocket, success means that the peer has received everything, and the wait for the
    /// peer is limited: see [`Stream::finish`]. Otherwise it waits as long as the peer takes.
    ///
    /// # Errors
    ///
    /// The socket's; for a WebSocket, those of [`Stream::finish`].
    pub async fn finish(&mut self) -> io::Result<()> {
        if let Layer::WebSocket(stream) = &mut self.0 {
            return stream.finish().await;
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
            Layer::Tls(tls) | Layer::ProxyTls(tls) => Socket::is_write_vectored(&**tls),
            Layer::WebSocket(stream) => Socket::is_write_vectored(stream),
            Layer::Counted(counted) => Socket::is_write_vectored(&**counted),
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
            Layer::Tls(tls) | Layer::ProxyTls(tls) => Socket::poll_shutdown(&mut **tls, cx),
            Layer::WebSocket(stream) => Socket::poll_shutdown(stream, cx),
            Layer::Counted(counted) => Socket::poll_shutdown(&mut **counted, cx),
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
            Layer::Tls(tls) | Layer::ProxyTls(tls) => {
                Socket::poll_retry_write(&mut **tls, cx, bufs)
            }
            Layer::WebSocket(stream) => Socket::poll_retry_write(stream, cx, bufs),
            Layer::Counted(counted) => Socket::poll_retry_write(&mut **counted, cx, bufs),
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
            Layer::Tls(tls) | Layer::ProxyTls(tls) => Socket::taken(&**tls),
            Layer::WebSocket(stream) => Socket::taken(stream),
            Layer::Counted(counted) => Socket::taken(&**counted),
        }
    }

    fn readable(&self) -> usize {
        match &self.0 {
            Layer::WebSocket(stream) => stream.readable(),
            _ => 0,
        }
    }

    fn has_hung_up(&self) -> bool {
        match &self.0 {
            Layer::Tcp(tcp) => has_hung_up(&R::tcp_ref(tcp)),
            #[cfg(unix)]
            Layer::Unix(unix) => has_hung_up(&R::unix_ref(unix)),
            Layer::Tls(tls) | Layer::ProxyTls(tls) => R::tls_below(tls.get_ref()).has_hung_up(),
            Layer::WebSocket(stream) => Socket::has_hung_up(stream),
            Layer::Counted(counted) => counted.get_ref().has_hung_up(),
        }
    }

    fn cut_off(&self) -> Option<io::Error> {
        match &self.0 {
            Layer::Tls(tls) | Layer::ProxyTls(tls) => Socket::cut_off(&**tls),
            Layer::WebSocket(stream) => Socket::cut_off(stream),
            Layer::Counted(counted) => Socket::cut_off(&**counted),
            _ => None,
        }
    }

    fn abort_on_drop(&mut self, abort: bool) {
        Self::abort_on_drop(self, abort);
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) {
        match &mut self.0 {
            Layer::Tls(tls) | Layer::ProxyTls(tls) => {
                Socket::poll_drive(&mut **tls, cx);
                R::tls_below_mut(tls.get_mut()).poll_drive(cx);
            }
            Layer::WebSocket(stream) => Socket::poll_drive(stream, cx),
            Layer::Counted(counted) => Socket::poll_drive(&mut **counted, cx),
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

impl<R: Runtime> Connected for NetSocket<R> {
    type Address = EndpointAddress;

    fn peer_addr(&self) -> io::Result<EndpointAddress> {
        Self::peer_addr(self)
    }

    fn local_addr(&self) -> io::Result<EndpointAddress> {
        Self::local_addr(self)
    }

    fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        Self::set_nodelay(self, nodelay)
    }
}

impl<R: Runtime> fmt::Debug for NetSocket<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Layer::Tcp(tcp) => f.debug_tuple("Tcp").field(tcp).finish(),
            #[cfg(unix)]
            Layer::Unix(unix) => f.debug_tuple("Unix").field(unix).finish(),
            Layer::Tls(tls) => f.debug_tuple("Tls").field(tls).finish(),
            Layer::ProxyTls(tls) => f.debug_tuple("ProxyTls").field(tls).finish(),
            Layer::WebSocket(stream) => f.debug_tuple("WebSocket").field(stream).finish(),
            Layer::Counted(counted) => counted.get_ref().fmt(f),
        }
    }
}

/// Ends the write direction, because some runtimes only flush on close. `NotConnected` means that both directions have
/// ended already.
fn end(socket: &SockRef<'_>) -> io::Result<()> {
    match socket.shutdown(Shutdown::Write) {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
        ended => ended,
    }
}

/// TCP keepalive, which ends a connection after 2 minutes of silence: the host of the peer may have gone without a word,
/// also while no WebSocket asks for it. Systems that cannot set it have their own intervals.
const fn keepalive() -> TcpKeepalive {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(60));
    #[cfg(any(
        target_os = "android",
        target_os = "freebsd",
        target_os = "ios",
        target_os = "linux",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "windows"
    ))]
    let keepalive = keepalive
        .with_interval(Duration::from_secs(15))
        .with_retries(4);
    keepalive
}

/// Whether the system reports an error or the end of both directions, although nothing was asked for. Other systems than
/// Linux may report the end of one direction so, too.
#[cfg(any(target_os = "android", target_os = "linux"))]
fn has_hung_up(socket: &SockRef<'_>) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut asked = [PollFd::new(&**socket, PollFlags::empty())];
    let at_once = Timespec::default();
    poll(&mut asked, Some(&at_once)).is_ok_and(|ready| ready > 0)
}

#[cfg(not(any(target_os = "android", target_os = "linux")))]
fn has_hung_up(_: &SockRef<'_>) -> bool {
    false
}

/// Sends the first buffer that is not empty. As in std, a closed connection is an error and not a SIGPIPE.
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
