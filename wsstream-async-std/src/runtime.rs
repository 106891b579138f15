//! async-std, as the network stack wants it.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::task::{Context, Poll};

use async_io::Async;
use async_std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use async_std::os::unix::net::{UnixListener, UnixStream};
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use socket2::SockRef;
use wsstream_core::pump::Socket;
use wsstream_net::Runtime;
#[cfg(not(feature = "rustls"))]
use wsstream_net::tls::NoTls as Tls;
#[cfg(feature = "rustls")]
use wsstream_net::tls::{ClientTls, ServerTls};

#[cfg(feature = "rustls")]
use crate::tls::Tls;
use crate::{AsyncIoClock, AsyncStream, Io};

/// async-std: its sockets, its tasks and its threads for blocking work, which it starts by itself.
///
/// ```
/// # use wsstream_net::Runtime;
/// use wsstream_async_std::AsyncStd;
///
/// /// Code that is generic over runtimes takes one as a type.
/// fn serve<R: Runtime>() {}
///
/// serve::<AsyncStd>();
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    type Clock = AsyncIoClock;
    type Tcp = Io<TcpStream>;
    type TcpListener = Connections<TcpStream>;
    #[cfg(unix)]
    type Unix = Io<UnixStream>;
    #[cfg(unix)]
    type UnixListener = Connections<UnixStream>;
    type Tls<S: Socket + fmt::Debug + Send + 'static> = Tls<S>;
    type Stream<S: Socket> = AsyncStream<S>;

    fn clock() -> AsyncIoClock {
        AsyncIoClock::new()
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        #[cfg(feature = "test-kit")]
        let Err(task) = wsstream_net::test_kit::spawn(task) else {
            return;
        };
        drop(async_std::task::spawn(task));
    }

    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        Ok(async_std::task::spawn_blocking(work).await)
    }

    async fn connect_tcp(socket: socket2::Socket, to: SocketAddr) -> io::Result<Io<TcpStream>> {
        // What has failed at once is not told from what is under way until it is known how it went.
        let begun = socket.connect(&to.into());
        let tcp = Async::new(std::net::TcpStream::from(socket))?;
        tcp.writable().await?;
        tcp.get_ref().take_error()?.map_or(Ok(()), Err)?;
        let connected = tcp.get_ref().peer_addr();
        connected.map_err(|error| begun.err().unwrap_or(error))?;
        Ok(Io::new(tcp.into_inner()?.into()))
    }

    fn tcp_listener(listener: std::net::TcpListener) -> io::Result<Self::TcpListener> {
        let accept = async |tcp: TcpListener| Some((tcp.accept().await.map(|(tcp, _)| tcp), tcp));
        Ok(Connections(unfold(listener.into(), accept).boxed()))
    }

    fn poll_accept_tcp(
        listener: &mut Self::TcpListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Tcp>> {
        listener.poll_next(cx)
    }

    fn tcp_ref(tcp: &Self::Tcp) -> SockRef<'_> {
        SockRef::from(tcp.get_ref())
    }

    #[cfg(unix)]
    async fn connect_unix(path: &Path) -> io::Result<Io<UnixStream>> {
        Ok(Io::new(UnixStream::connect(path).await?))
    }

    #[cfg(unix)]
    fn unix_listener(listener: std::os::unix::net::UnixListener) -> io::Result<Self::UnixListener> {
        let accept =
            async |unix: UnixListener| Some((unix.accept().await.map(|(unix, _)| unix), unix));
        Ok(Connections(unfold(listener.into(), accept).boxed()))
    }

    #[cfg(unix)]
    fn poll_accept_unix(
        listener: &mut Self::UnixListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Unix>> {
        listener.poll_next(cx)
    }

    #[cfg(unix)]
    fn unix_ref(unix: &Self::Unix) -> SockRef<'_> {
        SockRef::from(unix.get_ref())
    }

    #[cfg(feature = "rustls")]
    fn tls_connect<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ClientTls,
        host: &str,
    ) -> impl Future<Output = io::Result<Tls<S>>> + Send {
        Tls::connect(socket, tls, host)
    }

    #[cfg(feature = "rustls")]
    fn tls_accept<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ServerTls,
    ) -> impl Future<Output = Result<Tls<S>, (io::Error, Option<S>)>> + Send {
        Tls::accept(socket, tls)
    }

    fn tls_below<S: Socket + fmt::Debug + Send + 'static>(tls: &Self::Tls<S>) -> &S {
        tls.below()
    }

    fn tls_below_mut<S: Socket + fmt::Debug + Send + 'static>(tls: &mut Self::Tls<S>) -> &mut S {
        tls.below_mut()
    }

    #[cfg(feature = "rustls")]
    fn tls_state<S: Socket + fmt::Debug + Send + 'static>(
        tls: &Tls<S>,
    ) -> Option<&wsstream_net::reexports::rustls::CommonState> {
        Some(tls.state())
    }
}

/// A listening socket, as the connections that come from it.
///
/// ```
/// # use wsstream_net::Runtime;
/// use wsstream_async_std::AsyncStd;
///
/// # fn register(tcp: std::net::TcpListener) -> std::io::Result<()> {
/// let connections = AsyncStd::tcp_listener(tcp)?;
/// # Ok(())
/// # }
/// ```
pub struct Connections<S>(BoxStream<'static, io::Result<S>>);

impl<S> Connections<S> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Io<S>>> {
        let ended = || Err(io::ErrorKind::NotConnected.into());
        let next = self.0.poll_next_unpin(cx);
        next.map(|next| next.unwrap_or_else(ended).map(Io::new))
    }
}

impl<S> fmt::Debug for Connections<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}
