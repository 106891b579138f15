//! What a runtime supplies.

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
/// Everything else is written once, over this trait: dialling, listening, TLS settings, proxies, endpoint
/// descriptors, shutdown. A runtime is a type without values; it finds its executor by itself, as
/// `tokio::spawn` does.
///
/// Sockets are made and set up here, with `socket2`. A runtime is asked to wait for them.
pub trait Runtime: fmt::Debug + Sized + Send + Sync + 'static {
    /// The clock of a connection or of a listener.
    type Clock: Clock + fmt::Debug + Send + 'static;

    /// A TCP connection. It is ended through [`tcp_ref`](Self::tcp_ref), not by its own `poll_shutdown`: some runtimes only
    /// flush then.
    type Tcp: Socket + fmt::Debug + Send + 'static;

    /// A listening TCP socket.
    type TcpListener: fmt::Debug + Send + 'static;

    /// A connection of a Unix socket, which is ended as one of TCP is.
    #[cfg(unix)]
    type Unix: Socket + fmt::Debug + Send + 'static;

    /// A listening Unix socket.
    #[cfg(unix)]
    type UnixListener: fmt::Debug + Send + 'static;

    /// TLS over a socket: [`NoTls`](crate::tls::NoTls) for a runtime without it.
    //
    // The bounds are spelled out: a trait that stands for them all would have to hold for TLS over TLS over .. first.
    type Tls<S: Socket + fmt::Debug + Send + 'static>: Socket + fmt::Debug + Send + 'static;

    /// A socket as the runtime's own stream, which reads and writes by the runtime's traits.
    type Stream<S: Socket>: From<S> + DerefMut<Target = S>;

    /// Whether the runtime has what connections need. Asked before a connection or a listener is made.
    ///
    /// # Errors
    ///
    /// `Unsupported`, on a runtime without timers for example.
    fn check() -> io::Result<()> {
        Ok(())
    }

    /// A clock of its own. It must not take memory before somebody sleeps: connections that are idle have one.
    fn clock() -> Self::Clock;

    /// Runs a task that nobody waits for.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Does work that blocks, where it holds nobody up: reads files, looks up names.
    ///
    /// # Errors
    ///
    /// The runtime's, if the work did not come to its end.
    fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send;

    /// Connects a socket that does not block, and is bound already if it is to be.
    ///
    /// # Errors
    ///
    /// The system's.
    fn connect_tcp(
        socket: socket2::Socket,
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::Tcp>> + Send;

    /// Takes a socket that listens, and does not block.
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

    /// The system's socket, to set it up and to ask it.
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

    /// Does TLS as a client, with a server that has a certificate for `host`, a name or an address. By default
    /// there is no TLS.
    ///
    /// # Errors
    ///
    /// The handshake's as rustls tells it; `Unsupported`.
    fn tls_connect<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ClientTls,
        host: &str,
    ) -> impl Future<Output = io::Result<Self::Tls<S>>> + Send {
        let _ = (socket, tls, host);
        std::future::ready(Err(not_supported()))
    }

    /// Does TLS as a server. By default there is none.
    ///
    /// # Errors
    ///
    /// The handshake's as rustls tells it, and the socket, on which an alert may have been sent; `Unsupported`.
    fn tls_accept<S: Socket + fmt::Debug + Send + 'static>(
        socket: S,
        tls: &ServerTls,
    ) -> impl Future<Output = Result<Self::Tls<S>, (io::Error, Option<S>)>> + Send {
        let _ = tls;
        std::future::ready(Err((not_supported(), Some(socket))))
    }

    /// What TLS goes over.
    fn tls_below<S: Socket + fmt::Debug + Send + 'static>(tls: &Self::Tls<S>) -> &S;

    /// The same, to drive it.
    fn tls_below_mut<S: Socket + fmt::Debug + Send + 'static>(tls: &mut Self::Tls<S>) -> &mut S;

    /// What TLS knows of the peer. By default nothing.
    #[cfg(feature = "rustls")]
    fn tls_state<S: Socket + fmt::Debug + Send + 'static>(
        tls: &Self::Tls<S>,
    ) -> Option<&rustls::CommonState> {
        let _ = tls;
        None
    }
}
