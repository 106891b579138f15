//! smol as a third runtime. It keeps the trait honest: nothing but this makes it one.
//!
//! Sockets, tasks and threads are smol's. Streams are those that `wsstream-net` has for
//! futures-io, and what `wsstream-async-std` has of async-io and futures-rustls is used as it is: the clock and TLS.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
#[cfg(unix)]
use std::path::Path;
use std::task::{Context, Poll, ready};

use smol::Async;
use socket2::SockRef;
use wsstream_async_std::{AsyncIoClock, AsyncStd};
use wsstream_core::pump::Socket;
use wsstream_net::Runtime;
use wsstream_net::futures_io::{AsyncStream, Io};
#[cfg(feature = "rustls")]
use wsstream_net::{
    rustls::CommonState,
    tls::{ClientTls, ServerTls},
};

/// smol, with its global executor.
#[derive(Debug)]
#[non_exhaustive]
pub struct Smol;

impl Runtime for Smol {
    type Clock = AsyncIoClock;
    type Tcp = Io<Async<TcpStream>>;
    type TcpListener = Async<TcpListener>;
    #[cfg(unix)]
    type Unix = Io<Async<UnixStream>>;
    #[cfg(unix)]
    type UnixListener = Async<UnixListener>;
    type Tls<S: Socket + fmt::Debug + Send + 'static> = <AsyncStd as Runtime>::Tls<S>;
    type Stream<S: Socket> = AsyncStream<S>;

    fn clock() -> AsyncIoClock {
        AsyncStd::clock()
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        if let Err(task) = wsstream_net::test_kit::spawn(task) {
            smol::spawn(task).detach();
        }
    }

    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        Ok(smol::unblock(work).await)
    }

    async fn connect_tcp(
        socket: socket2::Socket,
        to: SocketAddr,
    ) -> io::Result<Io<Async<TcpStream>>> {
        // Whether that has failed, or is under way, is known when the socket is writable.
        let begun = socket.connect(&to.into());
        let tcp = Async::new(TcpStream::from(socket))?;
        tcp.writable().await?;
        match (tcp.get_ref().take_error()?, tcp.get_ref().peer_addr()) {
            (None, Ok(_)) => Ok(Io::new(tcp)),
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(begun.err().unwrap_or(error)),
        }
    }

    fn tcp_listener(listener: TcpListener) -> io::Result<Self::TcpListener> {
        Async::new_nonblocking(listener)
    }

    fn poll_accept_tcp(
        listener: &mut Self::TcpListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Io<Async<TcpStream>>>> {
        let (tcp, _) = ready!(poll_accept(listener, cx, |listener| listener.accept()))?;
        Poll::Ready(Async::new(tcp).map(Io::new))
    }

    fn tcp_ref(tcp: &Io<Async<TcpStream>>) -> SockRef<'_> {
        SockRef::from(tcp.get_ref())
    }

    #[cfg(unix)]
    async fn connect_unix(path: &Path) -> io::Result<Io<Async<UnixStream>>> {
        Async::<UnixStream>::connect(path).await.map(Io::new)
    }

    #[cfg(unix)]
    fn unix_listener(listener: UnixListener) -> io::Result<Self::UnixListener> {
        Async::new_nonblocking(listener)
    }

    #[cfg(unix)]
    fn poll_accept_unix(
        listener: &mut Self::UnixListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Io<Async<UnixStream>>>> {
        let (unix, _) = ready!(poll_accept(listener, cx, |listener| listener.accept()))?;
        Poll::Ready(Async::new(unix).map(Io::new))
    }

    #[cfg(unix)]
    fn unix_ref(unix: &Io<Async<UnixStream>>) -> SockRef<'_> {
        SockRef::from(unix.get_ref())
    }

    #[cfg(feature = "rustls")]
    async fn tls_connect<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ClientTls,
        host: &str,
    ) -> io::Result<Self::Tls<S>> {
        AsyncStd::tls_connect(socket, tls, host).await
    }

    #[cfg(feature = "rustls")]
    async fn tls_accept<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ServerTls,
    ) -> Result<Self::Tls<S>, (io::Error, Option<S>)> {
        AsyncStd::tls_accept(socket, tls).await
    }

    fn tls_below<S: Socket + fmt::Debug + Send + 'static>(tls: &Self::Tls<S>) -> &S {
        AsyncStd::tls_below(tls)
    }

    fn tls_below_mut<S: Socket + fmt::Debug + Send + 'static>(tls: &mut Self::Tls<S>) -> &mut S {
        AsyncStd::tls_below_mut(tls)
    }

    #[cfg(feature = "rustls")]
    fn tls_state<S: Socket + fmt::Debug + Send + 'static>(
        tls: &Self::Tls<S>,
    ) -> Option<&CommonState> {
        AsyncStd::tls_state(tls)
    }
}

/// Takes a connection off the accept queue, once there is one.
fn poll_accept<L, C>(
    listener: &Async<L>,
    cx: &mut Context<'_>,
    accept: impl Fn(&L) -> io::Result<C>,
) -> Poll<io::Result<C>> {
    loop {
        match accept(listener.get_ref()) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                ready!(listener.poll_readable(cx))?;
            }
            accepted => return Poll::Ready(accepted),
        }
    }
}
