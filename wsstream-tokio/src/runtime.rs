//! tokio, as the network stack wants it.

use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
#[cfg(feature = "rustls")]
use tokio_rustls::rustls::CommonState;
use wsstream_core::pump::Socket;
use wsstream_net::Runtime;
#[cfg(feature = "rustls")]
use wsstream_net::tls::{ClientTls, ServerTls};

use crate::clock::check_runtime;
#[cfg(feature = "rustls")]
use crate::tls::Tls;
use crate::{AsyncStream, Io, TokioClock};

/// The tokio runtime that the caller is in.
///
/// ```
/// # use wsstream_net::Runtime;
/// use wsstream_tokio::Tokio;
///
/// /// Code that is generic over runtimes takes one as a type.
/// fn serve<R: Runtime>() {}
///
/// serve::<Tokio>();
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Tokio;

impl Runtime for Tokio {
    type Clock = TokioClock;
    type Tcp = Io<TcpStream>;
    type TcpListener = TcpListener;
    #[cfg(unix)]
    type Unix = Io<UnixStream>;
    #[cfg(unix)]
    type UnixListener = UnixListener;
    #[cfg(feature = "rustls")]
    type Tls<S: Socket + Debug + Send + 'static> = Tls<S>;
    #[cfg(not(feature = "rustls"))]
    type Tls<S: Socket + Debug + Send + 'static> = wsstream_net::tls::NoTls<S>;
    type Stream<S: Socket> = AsyncStream<S>;

    fn check() -> io::Result<()> {
        check_runtime()
    }

    fn clock() -> TokioClock {
        TokioClock::new()
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(task);
        }
    }

    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        Ok(spawn_blocking(work).await?)
    }

    async fn connect_tcp(socket: socket2::Socket, to: SocketAddr) -> io::Result<Io<TcpStream>> {
        let socket = TcpSocket::from_std_stream(socket.into());
        socket.connect(to).await.map(Io::new)
    }

    fn tcp_listener(listener: std::net::TcpListener) -> io::Result<TcpListener> {
        TcpListener::from_std(listener)
    }

    fn poll_accept_tcp(
        listener: &mut TcpListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Io<TcpStream>>> {
        listener.poll_accept(cx).map_ok(|(tcp, _)| Io::new(tcp))
    }

    fn tcp_ref(tcp: &Io<TcpStream>) -> SockRef<'_> {
        SockRef::from(tcp.get_ref())
    }

    #[cfg(unix)]
    async fn connect_unix(path: &Path) -> io::Result<Io<UnixStream>> {
        UnixStream::connect(path).await.map(Io::new)
    }

    #[cfg(unix)]
    fn unix_listener(listener: std::os::unix::net::UnixListener) -> io::Result<UnixListener> {
        UnixListener::from_std(listener)
    }

    #[cfg(unix)]
    fn poll_accept_unix(
        listener: &mut UnixListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Io<UnixStream>>> {
        listener.poll_accept(cx).map_ok(|(unix, _)| Io::new(unix))
    }

    #[cfg(unix)]
    fn unix_ref(unix: &Io<UnixStream>) -> SockRef<'_> {
        SockRef::from(unix.get_ref())
    }

    #[cfg(feature = "rustls")]
    async fn tls_connect<S: Socket + Debug + Send + 'static>(
        socket: S,
        tls: &ClientTls,
        host: &str,
    ) -> io::Result<Tls<S>> {
        Tls::connect(socket, tls, host).await
    }

    #[cfg(feature = "rustls")]
    async fn tls_accept<S: Socket + Debug + Send + 'static>(
        socket: S,
        tls: &ServerTls,
    ) -> Result<Tls<S>, (io::Error, Option<S>)> {
        Tls::accept(socket, tls).await
    }

    fn tls_below<S: Socket + Debug + Send + 'static>(tls: &Self::Tls<S>) -> &S {
        tls.below()
    }

    fn tls_below_mut<S: Socket + Debug + Send + 'static>(tls: &mut Self::Tls<S>) -> &mut S {
        tls.below_mut()
    }

    #[cfg(feature = "rustls")]
    fn tls_state<S: Socket + Debug + Send + 'static>(tls: &Tls<S>) -> Option<&CommonState> {
        Some(tls.state())
    }
}
