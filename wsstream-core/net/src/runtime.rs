//! The interface to an async runtime.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::ops::DerefMut;
#[cfg(unix)]
use std::path::Path;
use std::task::{Context, Poll};

use socket2::SockRef;
use wsstream_core::pump::{Clock, Socket};

use crate::tls::{ClientTls, ServerTls, not_supported};

/// An async runtime: its sockets, its clock, its tasks and its TLS engine.
///
/// The rest of this crate is generic over this trait: dialling, listening, TLS settings, proxies, endpoint descriptors,
/// shutdown. Implement it to support another runtime; the adapters for tokio and async-std are examples.
///
/// A runtime is a type without values. Its functions find the executor they run on by themselves, as `tokio::spawn`
/// does. This crate creates and configures sockets with `socket2`, and the runtime waits for them.
pub trait Runtime: fmt::Debug + Sized + Send + Sync + 'static {
    /// A clock with one timer. Each connection, listener and attempt to connect has its own.
    type Clock: Clock + fmt::Debug + Send + 'static;

    /// A TCP connection. This crate ends its write direction through [`tcp_ref`](Self::tcp_ref) and not by its
    /// `poll_shutdown`, because some runtimes only flush there.
    type Tcp: Socket + fmt::Debug + Send + 'static;

    /// A listening TCP socket.
    type TcpListener: fmt::Debug + Send + 'static;

    /// A connection over a Unix socket. What is said of [`Tcp`](Self::Tcp) holds for it too.
    #[cfg(unix)]
    type Unix: Socket + fmt::Debug + Send + 'static;

    /// A listening Unix socket.
    #[cfg(unix)]
    type UnixListener: fmt::Debug + Send + 'static;

    /// TLS over a socket: [`NoTls`](crate::tls::NoTls) for a runtime without TLS.
    //
    // The bounds are spelled out. With a trait that combines them, the compiler would have to prove it for TLS over TLS
    // over TLS without end.
    type Tls<S: Socket + fmt::Debug + Send + 'static>: Socket + fmt::Debug + Send + 'static;

    /// A socket wrapped as a stream that implements the runtime's own read and write traits.
    type Stream<S: Socket>: From<S> + DerefMut<Target = S>;

    /// Checks that the current runtime has what connections need. This crate calls it before it connects, accepts or
    /// listens. By default it succeeds.
    ///
    /// # Errors
    ///
    /// `Unsupported` if something is missing, for example timers.
    fn check() -> io::Result<()> {
        Ok(())
    }

    /// Creates a clock. It should allocate nothing until its first sleep, because every idle connection holds one.
    fn clock() -> Self::Clock;

    /// Spawns a detached task. It must not panic where there is no runtime to spawn it on, because streams may be dropped
    /// there: it drops the task then.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Runs blocking work, such as name look-ups and file access, on a thread where it does not hold up other tasks.
    ///
    /// # Errors
    ///
    /// The runtime's, if the work could not be completed.
    fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send;

    /// Connects a socket. It is non-blocking, and already bound if a source address was asked for.
    ///
    /// # Errors
    ///
    /// The system's.
    fn connect_tcp(
        socket: socket2::Socket,
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::Tcp>> + Send;

    /// Registers a socket with the runtime. It is non-blocking, and already listens.
    ///
    /// # Errors
    ///
    /// The runtime's.
    fn tcp_listener(listener: std::net::TcpListener) -> io::Result<Self::TcpListener>;

    /// Takes the next connection from the accept queue.
    ///
    /// # Errors
    ///
    /// The system's.
    fn poll_accept_tcp(
        listener: &mut Self::TcpListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Tcp>>;

    /// Borrows the system's socket, to set and query its options.
    fn tcp_ref(tcp: &Self::Tcp) -> SockRef<'_>;

    /// Connects to a Unix socket.
    ///
    /// # Errors
    ///
    /// The system's.
    #[cfg(unix)]
    fn connect_unix(path: &Path) -> impl Future<Output = io::Result<Self::Unix>> + Send;

    /// As [`tcp_listener`](Self::tcp_listener).
    ///
    /// # Errors
    ///
    /// The runtime's.
    #[cfg(unix)]
    fn unix_listener(listener: std::os::unix::net::UnixListener) -> io::Result<Self::UnixListener>;

    /// As [`poll_accept_tcp`](Self::poll_accept_tcp).
    ///
    /// # Errors
    ///
    /// The system's.
    #[cfg(unix)]
    fn poll_accept_unix(
        listener: &mut Self::UnixListener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Unix>>;

    /// As [`tcp_ref`](Self::tcp_ref).
    #[cfg(unix)]
    fn unix_ref(unix: &Self::Unix) -> SockRef<'_>;

    /// Performs a TLS handshake as a client. The server's certificate must be valid for `host`, a name or an IP address
    /// without brackets: see [`server_name`](crate::tls). By default TLS is not supported.
    ///
    /// There is no need for a time limit: this crate sets one.
    ///
    /// # Errors
    ///
    /// The handshake's, with the [`rustls::Error`](https://docs.rs/rustls/latest/rustls/enum.Error.html) inside;
    /// `Unsupported` on a runtime without TLS.
    fn tls_connect<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ClientTls,
        host: &str,
    ) -> impl Future<Output = io::Result<Self::Tls<S>>> + Send {
        let _ = (socket, tls, host);
        std::future::ready(Err(not_supported()))
    }

    /// Performs a TLS handshake as a server. By default TLS is not supported.
    ///
    /// # Errors
    ///
    /// As [`tls_connect`](Self::tls_connect), together with the socket if the TLS engine gives it back. An alert may
    /// have been sent on it; this crate then gives the peer time to read it.
    fn tls_accept<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ServerTls,
    ) -> impl Future<Output = Result<Self::Tls<S>, (io::Error, Option<S>)>> + Send {
        let _ = tls;
        std::future::ready(Err((not_supported(), Some(socket))))
    }

    /// The socket below TLS.
    fn tls_below<S: Socket + fmt::Debug + Send + 'static>(tls: &Self::Tls<S>) -> &S;

    /// The socket below TLS, mutably.
    fn tls_below_mut<S: Socket + fmt::Debug + Send + 'static>(tls: &mut Self::Tls<S>) -> &mut S;

    /// The state of the TLS session, such as the peer's certificates. `None` by default.
    #[cfg(feature = "rustls")]
    fn tls_state<S: Socket + fmt::Debug + Send + 'static>(
        tls: &Self::Tls<S>,
    ) -> Option<&rustls::CommonState> {
        let _ = tls;
        None
    }
}
