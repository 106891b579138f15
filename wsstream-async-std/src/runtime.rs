//! async-std, as the network stack wants it.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use async_io::Async;
use async_std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use async_std::os::unix::net::{UnixListener, UnixStream};
use futures_util::future::{BoxFuture, FutureExt as _};
use socket2::SockRef;
use wsstream_core::pump::Socket;
use wsstream_net::{Runtime, SendSocket};
#[cfg(feature = "rustls")]
use wsstream_net::{
    rustls::CommonState,
    tls::{ClientTls, ServerTls},
};

use crate::AsyncStream;
use crate::clock::AsyncIoClock;
use crate::system::SystemSocket;
#[cfg(feature = "rustls")]
use crate::tls::{Accepted, Tls};

/// async-std: its sockets, its tasks and its threads for blocking work, which it starts by itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    type Clock = AsyncIoClock;
    type Tcp = SystemSocket<TcpStream>;
    type TcpListener = Accepting<TcpListener, TcpStream>;
    #[cfg(unix)]
    type Unix = SystemSocket<UnixStream>;
    #[cfg(unix)]
    type UnixListener = Accepting<UnixListener, UnixStream>;
    #[cfg(feature = "rustls")]
    type Tls<S: SendSocket> = Tls<S>;
    #[cfg(not(feature = "rustls"))]
    type Tls<S: SendSocket> = wsstream_net::tls::NoTls<S>;
    type Stream<S: Socket> = AsyncStream<S>;

    fn clock() -> AsyncIoClock {
        AsyncIoClock::new()
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        drop(async_std::task::spawn(task));
    }

    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        Ok(async_std::task::spawn_blocking(work).await)
    }

    async fn connect_tcp(
        socket: socket2::Socket,
        to: SocketAddr,
    ) -> io::Result<SystemSocket<TcpStream>> {
        // What has failed at once is not told from what is under way until it is known how it went.
        let begun = socket.connect(&to.into());
        let tcp = Async::new(std::net::TcpStream::from(socket))?;
        tcp.writable().await?;
        if let Some(error) = tcp.get_ref().take_error()? {
            return Err(error);
        }
        if let Err(error) = tcp.get_ref().peer_addr() {
            return Err(begun.err().unwrap_or(error));
        }
        Ok(SystemSocket::new(tcp.into_inner()?.into()))
    }

    fn tcp_listener(listener: std::net::TcpListener) -> io::Result<Self::TcpListener> {
        Ok(Accepting::new(listener.into()))
    }

    fn poll_accept_tcp(
        listener: &mut Self::TcpListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Tcp>> {
        listener.poll(cx, |listener| {
            async move { Ok(listener.accept().await?.0) }.boxed()
        })
    }

    fn tcp_ref(tcp: &Self::Tcp) -> SockRef<'_> {
        SockRef::from(&**tcp)
    }

    #[cfg(unix)]
    async fn connect_unix(path: &Path) -> io::Result<SystemSocket<UnixStream>> {
        Ok(SystemSocket::new(UnixStream::connect(path).await?))
    }

    #[cfg(unix)]
    fn unix_listener(listener: std::os::unix::net::UnixListener) -> io::Result<Self::UnixListener> {
        Ok(Accepting::new(listener.into()))
    }

    #[cfg(unix)]
    fn poll_accept_unix(
        listener: &mut Self::UnixListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Unix>> {
        listener.poll(cx, |listener| {
            async move { Ok(listener.accept().await?.0) }.boxed()
        })
    }

    #[cfg(unix)]
    fn unix_ref(unix: &Self::Unix) -> SockRef<'_> {
        SockRef::from(&**unix)
    }

    #[cfg(feature = "rustls")]
    fn tls_connect<S: SendSocket>(
        socket: S,
        tls: &ClientTls,
        host: &str,
    ) -> impl Future<Output = io::Result<Tls<S>>> + Send {
        Tls::connect(socket, tls, host)
    }

    #[cfg(feature = "rustls")]
    fn tls_accept<S: SendSocket>(
        socket: S,
        tls: &ServerTls,
    ) -> impl Future<Output = Accepted<S>> + Send {
        Tls::accept(socket, tls)
    }

    fn tls_below<S: SendSocket>(tls: &Self::Tls<S>) -> &S {
        tls.below()
    }

    fn tls_below_mut<S: SendSocket>(tls: &mut Self::Tls<S>) -> &mut S {
        tls.below_mut()
    }

    #[cfg(feature = "rustls")]
    fn tls_state<S: SendSocket>(tls: &Tls<S>) -> Option<&CommonState> {
        Some(tls.state())
    }
}

/// A listener of async-std's, and the wait for its next connection.
pub struct Accepting<L, S> {
    listener: Arc<L>,
    accepting: Option<BoxFuture<'static, io::Result<S>>>,
}

impl<L, S> Accepting<L, S> {
    fn new(listener: L) -> Self {
        Self {
            listener: Arc::new(listener),
            accepting: None,
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        accept: impl FnOnce(Arc<L>) -> BoxFuture<'static, io::Result<S>>,
    ) -> Poll<io::Result<SystemSocket<S>>> {
        let begin = || accept(Arc::clone(&self.listener));
        let accepted = ready!(self.accepting.get_or_insert_with(begin).poll_unpin(cx));
        self.accepting = None;
        Poll::Ready(accepted.map(SystemSocket::new))
    }
}

impl<L: fmt::Debug, S> fmt::Debug for Accepting<L, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listener.fmt(f)
    }
}
