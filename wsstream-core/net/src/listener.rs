//! A listening socket and the handshakes of its clients.

mod policy;
mod sockets;

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use wsstream_core::handshake::ServerConfig;

use self::policy::Policy;
use self::sockets::Sockets;
pub use self::sockets::StdListener;
use crate::descriptor::EndpointAddress;
use crate::incoming::Incoming;
use crate::layers::{Layer, Layers};
use crate::plan::{ServerPlan, ServerSocket};
use crate::runtime::Runtime;
use crate::tls::ServerTls;

/// Accepts connections and performs their handshakes concurrently, so that a slow client does not delay the others: up
/// to [`max_handshakes`](Self::max_handshakes) run at once.
///
/// `bind`, `bind_unix` and `from_std` serve WebSocket over TCP or a Unix socket, with [`tls`](Self::tls) if you add it.
/// [`ServerEndpoint::listen`](crate::ServerEndpoint::listen) serves whatever an endpoint descriptor says.
///
/// ```
/// # use std::io;
/// # use wsstream_core::handshake::ServerConfig;
/// # use wsstream_net::{Listener, Runtime};
/// # async fn serve<R: Runtime>() -> io::Result<()> {
/// let mut listener = Listener::<R>::bind("127.0.0.1:9000", ServerConfig::stream()).await?;
/// while let Some(incoming) = listener.accept().await {
///     R::spawn(async {
///         match incoming.accept().await {
///             Ok(stream) => drop(stream), // Serve the client here.
///             Err(error) => eprintln!("{error}"),
///         }
///     });
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Listener<R: Runtime> {
    policy: Policy<Sockets<R>, R::Clock>,
    local: EndpointAddress,
}

impl<R: Runtime> Listener<R> {
    /// Listens for WebSocket connections on a TCP address, with the given configuration.
    ///
    /// `addr` is `HOST:PORT` or a [`SocketAddr`](std::net::SocketAddr). If a name has several addresses, the first one
    /// that can be bound is used. With port 0 the system chooses the port: see [`local_addr`](Self::local_addr).
    ///
    /// # Errors
    ///
    /// The system's, with the address. `Unsupported` if [`Runtime::check`] fails.
    pub async fn bind(addr: impl fmt::Display, config: ServerConfig) -> io::Result<Self> {
        R::check()?;
        let addr = addr.to_string();
        let name = addr.rsplit_once(':').map(|(host, _)| host.to_owned());
        let bound = R::blocking(move || sockets::listen_tcp(&addr, BACKLOG)).await??;
        Self::new(bound, Layers::websocket(config), name.as_deref())
    }

    /// Listens for WebSocket connections on a Unix socket, with the given configuration.
    ///
    /// The socket's permissions are 0666. A symbolic link with `.lock` after its name is the server's lock. Dropping
    /// the listener removes both, unless other files have their names by then. A socket file whose server is gone is
    /// replaced.
    ///
    /// A user who may write in the socket's directory can take its name away and listen there. Use a directory in which
    /// only trusted users may write. On Linux, setting the permissions needs `/proc`, unless the umask leaves them as
    /// they shall be.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another server listens there, or if another file takes the name meanwhile. `InvalidInput` if the
    /// path is not UTF-8. `Unsupported` if the permissions cannot be set without following links, or if
    /// [`Runtime::check`] fails. The system's otherwise, with the path.
    #[cfg(unix)]
    pub async fn bind_unix(path: impl AsRef<Path>, config: ServerConfig) -> io::Result<Self> {
        let plan = ServerPlan::unix(path.as_ref(), config)?;
        Self::open(&plan).await
    }

    /// Accepts WebSocket connections from a socket that already listens: one that you have set up yourself, or one that
    /// systemd has passed on. It is made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's and the runtime's; `Unsupported` if [`Runtime::check`] fails.
    pub fn from_std(listener: impl Into<StdListener>, config: ServerConfig) -> io::Result<Self> {
        R::check()?;
        let layers = Layers::websocket(config);
        Self::new(listener.into(), layers, None)
    }

    /// Loads the plan's certificates, and listens.
    pub(crate) async fn open(plan: &ServerPlan) -> io::Result<Self> {
        R::check()?;
        // Certificates first: if they are wrong, no client sees the socket come and go.
        let layers = Layers::read::<R>(plan).await?;
        let socket = plan.socket.clone();
        let bound = R::blocking(move || sockets::listen(&socket)).await??;
        let name = match &plan.socket {
            ServerSocket::Tcp(tcp) => Some(&*tcp.interface),
            ServerSocket::Unix(_) => None,
        };
        Self::new(bound, layers, name)
    }

    /// Loads the plan's certificates, and accepts from a socket that already listens.
    pub(crate) async fn open_on(plan: &ServerPlan, listener: StdListener) -> io::Result<Self> {
        R::check()?;
        Self::new(listener, Layers::read::<R>(plan).await?, None)
    }

    fn new(listener: StdListener, mut layers: Layers, name: Option<&str>) -> io::Result<Self> {
        let local = listener.local_addr()?;
        layers.listening_on(&local, name);
        let policy = Policy::new(Sockets::new(listener, layers)?, R::clock());
        Ok(Self { policy, local })
    }

    /// Adds TLS below all other layers, for connections accepted from now on. The server's handshake timeout then
    /// covers both handshakes together.
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        let layers = self.policy.accepting_mut().layers_mut();
        layers.layers.insert(0, Layer::Tls(tls));
        layers.listening_on(&self.local, None);
        self
    }

    /// Whether to set TCP_NODELAY on accepted connections, so that short writes leave at once. Default: `true`.
    #[must_use]
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.policy.accepting_mut().layers_mut().nodelay = nodelay;
        self
    }

    /// Limits the number of connections at a time, those in their handshake included. Further clients wait in the
    /// accept queue. The least is 1. By default there is no limit but the system's.
    ///
    /// A connection counts from when it leaves the accept queue until its stream is dropped, or taken apart with
    /// `into_inner`. If your program opens files or sockets for each connection, choose a limit well below the
    /// system's, so that it does not run out of file descriptors.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.policy.set_max_connections(connections);
        self
    }

    /// Limits the number of handshakes at a time. Further clients wait in the accept queue. The least is 1. Default:
    /// 1024.
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.policy.set_max_handshakes(handshakes);
        self
    }

    /// The address that the listener is bound to.
    pub const fn local_addr(&self) -> &EndpointAddress {
        &self.local
    }

    /// The number of open connections, those in their handshake included.
    pub fn connections(&self) -> usize {
        self.policy.connections()
    }

    /// Waits for the next connection, for you to accept or refuse. Returns `None` after [`shutdown`](Self::shutdown).
    ///
    /// Failed handshakes are answered and skipped, and so are connections that end early. If the system has run out
    /// of sockets, the listener tries again after 10 ms, doubled each time up to a second.
    ///
    /// It is cancel-safe: dropping the future loses no connection. The listener only makes progress while `accept` is
    /// polled, so a client's `connect` in the same task needs to be polled together with it, for example with `join`.
    pub async fn accept(&mut self) -> Option<Incoming<R>> {
        poll_fn(|cx| self.policy.poll_accept(cx)).await
    }

    /// Shuts down gracefully, in steps:
    ///
    /// 1. At once, the listening socket closes, and pending requests are refused with status 503.
    /// 2. For the time of `grace`, open connections go on.
    /// 3. Then the listener ends the remaining ones with close code 1001. Writes to them fail with `BrokenPipe`, and
    ///    reads with an error that has [`StreamError::ShutDown`](wsstream_core::StreamError::ShutDown) inside.
    /// 4. Connections whose peer has not answered within
    ///    [`close_timeout`](wsstream_core::ConnectionConfig::close_timeout) are cut off.
    ///
    /// The streams take these steps when their tasks poll them; the listener wakes the tasks. Streams whose outermost
    /// layer is not a WebSocket are only waited for.
    ///
    /// The future returns 0 once every stream is dropped. Otherwise it returns the number of streams that are still
    /// held a second after they were cut off. Dropping the future cuts off all connections at once. Dropping the
    /// listener without a shutdown leaves its connections open.
    pub fn shutdown(&mut self, grace: Duration) -> impl Future<Output = usize> + Send + use<'_, R> {
        let closing = self.policy.accepting().layers().close_timeout();
        self.policy.shut_down(grace, closing)
    }
}

/// The default of tokio and others. The system may lower it.
const BACKLOG: u32 = 1024;
