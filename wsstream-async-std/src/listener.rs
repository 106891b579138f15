//! Accepting from many.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_std::net::{TcpListener, TcpStream, ToSocketAddrs};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use wsstream_core::Timestamp;
use wsstream_core::handshake::ServerConfig;
use wsstream_core::pump::{self, Permit};

use crate::net::set_up;
use crate::task::Task;
use crate::timer::Timer;
use crate::transport::Transport;
use crate::{Incoming, NetStream};
#[cfg(feature = "rustls")]
use crate::{ServerTls, tls};

/// Listens on TCP, with TLS if it is given a `ServerTls`, and reads requests concurrently: who is slow to
/// ask holds nobody up, as long as no more than [`max_handshakes`](Self::max_handshakes) do so.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_async_std::{Listener, ServerConfig};
///
/// # async fn serve() -> std::io::Result<()> {
/// let listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
/// let mut listener = listener.max_connections(10_000);
/// for _ in 0..1_000_000 {
///     let incoming = listener.accept().await?;
///     async_std::task::spawn(async move { incoming.accept().await?.into_stream().close().await });
/// }
/// listener.shutdown(Duration::from_secs(20)).await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Listener {
    inner: pump::Listener<Port>,
}

impl Listener {
    /// Listens on an address, for those whom `server` lets in.
    ///
    /// # Errors
    ///
    /// Those of binding.
    pub async fn bind(addr: impl ToSocketAddrs, server: ServerConfig) -> io::Result<Self> {
        Ok(Self::new(TcpListener::bind(addr).await?, server))
    }

    /// Takes a listener that is bound already.
    pub fn new(tcp: TcpListener, server: ServerConfig) -> Self {
        let port = Port {
            tcp: Some(Arc::new(tcp)),
            accepting: None,
            server: Arc::new(server),
            #[cfg(feature = "rustls")]
            tls: None,
            handshakes: FuturesUnordered::new(),
            timer: Timer::new(),
        };
        let inner = pump::Listener::new(port);
        Self { inner }
    }

    /// Does TLS with all who connect from now on. The server's handshake timeout is for both handshakes.
    #[cfg(feature = "rustls")]
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.inner.port_mut().tls = Some(tls);
        self
    }

    /// At most so many connections at once, at least 1; default: as many as the system lets the process
    /// have. More wait in the system's queue until one has ended.
    ///
    /// A connection counts from when it is taken off that queue until its stream is dropped, or taken apart with
    /// `into_inner`. A program that opens files or dials for each connection is best limited to a part
    /// of what the system allows, as it fails in other places when that is used up.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.inner = self.inner.max_connections(connections);
        self
    }

    /// At most so many handshakes at once, at least 1; default 1024. More wait in the system's queue.
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.inner = self.inner.max_handshakes(handshakes);
        self
    }

    /// The address it listens on.
    ///
    /// # Errors
    ///
    /// The socket's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match &self.inner.port().tcp {
            Some(tcp) => tcp.local_addr(),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// How many connections there are now, those in their handshake included.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.connections()
    }

    /// Waits for the next request, to be accepted or refused. Handshakes that fail have been answered
    /// and are passed over, as are connections that end before they begin; when the system has no more
    /// sockets it is asked again a little later, after a second at most. Can be dropped without loss.
    ///
    /// Connections are taken while this is waited for: a client's `connect` in the same task does not return
    /// unless both are polled together, with `join`.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn accept(&mut self) -> io::Result<Incoming<NetStream>> {
        Ok(poll_fn(|cx| self.inner.poll_accept(cx)).await)
    }

    /// Shuts down. From now on nobody can connect, and who has not been accepted is refused with 503. The
    /// connections that are open may go on for `grace`. Those that are open then are ended with
    /// Close 1001, and those that the peer does not end in the close timeout of the server's
    /// [`ConnectionConfig`](crate::ConnectionConfig) are cut off.
    ///
    /// What is written after the Close fails with `BrokenPipe`, and reading ends with
    /// [`StreamError::ShutDown`](crate::StreamError::ShutDown). As everything else this happens while
    /// a stream is polled: the tasks that wait for one are woken.
    ///
    /// Gives 0 once every stream is dropped; or, a second after they were cut off, how many are still held
    /// by tasks that do not look at them. Dropping the future cuts them off at once. Dropping a
    /// `Listener` without this leaves its connections alone.
    pub fn shutdown(self, grace: Duration) -> impl Future<Output = usize> {
        let closing = self.inner.port().server.connection_config().timeout();
        self.inner.shut_down(grace, closing)
    }
}

/// What the listener's policy is for.
struct Port {
    /// Gone once it has stopped.
    tcp: Option<Arc<TcpListener>>,
    /// The wait for the next connection.
    accepting: Option<BoxFuture<'static, io::Result<TcpStream>>>,
    server: Arc<ServerConfig>,
    #[cfg(feature = "rustls")]
    tls: Option<ServerTls>,
    handshakes: FuturesUnordered<Task<io::Result<Incoming<NetStream>>>>,
    timer: Timer,
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Port")
            .field("tcp", &self.tcp)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl pump::Timer for Port {
    fn now(&self) -> Timestamp {
        self.timer.now()
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        self.timer.poll_sleep(cx, deadline)
    }
}

impl pump::Port for Port {
    type Connection = TcpStream;
    type Incoming = Incoming<NetStream>;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        let Some(tcp) = &self.tcp else {
            return Poll::Pending;
        };
        let accepting = self.accepting.get_or_insert_with(|| {
            let tcp = Arc::clone(tcp);
            async move { Ok(tcp.accept().await?.0) }.boxed()
        });
        let accepted = ready!(accepting.as_mut().poll(cx));
        self.accepting = None;
        Poll::Ready(accepted)
    }

    fn begin(&mut self, tcp: TcpStream, permit: Permit) {
        let server = Arc::clone(&self.server);
        #[cfg(feature = "rustls")]
        let tls = self.tls.clone();
        self.handshakes.push(Task::spawn(async move {
            set_up(&tcp, server.is_nodelay())?;
            #[cfg(feature = "rustls")]
            if let Some(tls) = tls {
                let (io, left) = tls::accept(&tls, tcp, server.timeout(), NetStream::from).await?;
                let transport = Transport::over_socket(io.into());
                let accept = pump::Accept::with_permit(transport, server, permit);
                return Incoming::wait(accept.within(left)).await;
            }
            let transport = Transport::over_socket(tcp.into());
            Incoming::wait(pump::Accept::with_permit(transport, server, permit)).await
        }));
    }

    fn refuse(&mut self, incoming: Incoming<NetStream>) {
        self.handshakes.push(Task::spawn(async move {
            incoming.accept().await?;
            Err(io::ErrorKind::NotConnected.into())
        }));
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Incoming<NetStream>>> {
        match ready!(self.handshakes.poll_next_unpin(cx)) {
            Some(ended) => Poll::Ready(ended),
            None => Poll::Pending,
        }
    }

    fn stop(&mut self) {
        self.accepting = None;
        self.tcp = None;
    }
}
