//! Listening sockets and the handshakes of their clients.

mod back_off;
mod bind;
mod policy;
mod slots;
mod sockets;
mod std_listener;
mod tasks;

use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
#[cfg(unix)]
use std::path::Path;
use std::time::Duration;

use wsstream_core::handshake::ServerConfig;

use self::policy::Policy;
use self::sockets::Sockets;
pub use self::std_listener::StdListener;
use crate::descriptor::EndpointAddress;
use crate::error::Error;
use crate::incoming::Incoming;
use crate::layers::{Layer, Layers};
use crate::plan::{ServerPlan, ServerSocket};
use crate::runtime::Runtime;
use crate::tls::ServerTls;

/// Accepts connections and performs their handshakes concurrently, so that a slow client does not delay the others: up
/// to [`max_handshakes`](Self::max_handshakes) run at once.
///
/// `bind`, `bind_unix` and `from_std` serve WebSocket over TCP or a Unix socket, with [`tls`](Self::tls) if you add it.
/// [`ServerEndpoint::listen`](crate::ServerEndpoint::listen) serves whatever an endpoint descriptor says, or plain TCP,
/// and has more options, such as the length of the accept queue.
///
/// ```
/// # use wsstream_core::handshake::ServerConfig;
/// # use wsstream_net::{Error, Listener, Runtime};
/// # async fn serve<R: Runtime>() -> Result<(), Error> {
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
    /// All addresses.
    local: Vec<EndpointAddress>,
    /// The first one.
    first: EndpointAddress,
}

impl<R: Runtime> Listener<R> {
    /// Listens for WebSocket connections on a TCP address, with the given configuration.
    ///
    /// `addr` is `HOST:PORT` or a [`SocketAddr`](std::net::SocketAddr). A name is bound at all its addresses. It is
    /// short for [`ServerEndpoint::websocket`](crate::ServerEndpoint::websocket) and [`listen`](crate::ServerEndpoint::listen), which tells more.
    ///
    /// # Errors
    ///
    /// The system's, with the address. `InvalidInput` if `addr` is not `HOST:PORT`. `Unsupported` if
    /// [`Runtime::check`] fails.
    pub async fn bind(addr: impl fmt::Display, config: ServerConfig) -> Result<Self, Error> {
        let plan = ServerPlan::websocket(&addr.to_string(), config)?;
        Ok(Self::open(&plan).await?)
    }

    /// Listens for WebSocket connections on a Unix socket, with the given configuration. It is short for
    /// [`ServerEndpoint::websocket_unix`](crate::ServerEndpoint::websocket_unix) and [`listen`](crate::ServerEndpoint::listen).
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
    pub async fn bind_unix(path: impl AsRef<Path>, config: ServerConfig) -> Result<Self, Error> {
        let plan = ServerPlan::websocket_unix(path, config)?;
        Ok(Self::open(&plan).await?)
    }

    /// Accepts WebSocket connections from sockets that already listen: those that you have set up yourself, or those
    /// that systemd has passed on. They are made non-blocking.
    ///
    /// # Errors
    ///
    /// The system's and the runtime's; `InvalidInput` if there is no socket; `Unsupported` if [`Runtime::check`] fails.
    pub fn from_std(listener: impl Into<StdListener>, config: ServerConfig) -> Result<Self, Error> {
        R::check()?;
        let layers = Layers::websocket(config);
        Ok(Self::new(listener.into(), layers, None)?)
    }

    /// Loads the plan's certificates, and listens.
    pub(crate) async fn open(plan: &ServerPlan) -> io::Result<Self> {
        R::check()?;
        // Certificates first: if they are wrong, no client sees the socket come and go.
        let layers = Layers::read::<R>(plan).await?;
        let socket = plan.socket.clone();
        let bound = R::blocking(move || bind::listen(&socket)).await??;
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
        let local = listener.local_addrs()?;
        let Some(first) = local.first().cloned() else {
            let reason = "there is no socket to accept from";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        };
        layers.listening_on(&local, name);
        let policy = Policy::new(Sockets::new(listener, layers)?, R::clock());
        Ok(Self {
            policy,
            local,
            first,
        })
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

    /// Decides by the peer's address which connections are let in, from now on. The others are closed at once: before
    /// TLS, and before they take the place of another. By default all are let in.
    ///
    /// The listener calls it for each connection when it leaves the accept queue, so it must not block. Peers over Unix
    /// sockets usually have no name. It takes the place of an earlier `admit`.
    ///
    /// ```
    /// # use std::net::IpAddr;
    /// # use wsstream_net::{Listener, Runtime};
    /// # fn keep_out<R: Runtime>(listener: Listener<R>, banned: IpAddr) -> Listener<R> {
    /// listener.admit(move |peer| peer.tcp().is_none_or(|peer| peer.ip() != banned))
    /// # }
    /// ```
    #[must_use]
    pub fn admit(mut self, admit: impl FnMut(&EndpointAddress) -> bool + Send + 'static) -> Self {
        self.policy.accepting_mut().set_admits(Box::new(admit));
        self
    }

    /// Tells why the system gives no connection, for example because there are no more files. The listener tries again
    /// by itself: see [`accept`](Self::accept). The feature `tracing` logs it, too.
    ///
    /// `accept` calls it with each attempt that fails, so it must not block. It takes the place of an earlier
    /// `on_accept_error`.
    #[must_use]
    pub fn on_accept_error(mut self, told: impl FnMut(&io::Error) + Send + 'static) -> Self {
        self.policy.accepting_mut().set_on_error(Box::new(told));
        self
    }

    /// Limits the number of connections at a time, those in their handshake included. Further clients wait in the
    /// accept queue; a handshake that takes long may have to go for them: see [`max_handshakes`](Self::max_handshakes).
    /// The least is 1. By default there is no limit but the system's.
    ///
    /// A connection counts from when it leaves the accept queue until its stream is dropped, or taken apart with
    /// `into_inner`. If your program opens files or sockets for each connection, choose a limit well below the
    /// system's, so that it does not run out of file descriptors.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.policy.set_max_connections(connections);
        self
    }

    /// Limits the number of handshakes at a time. The least is 1. Default: 4096.
    ///
    /// Clients that connect and say nothing cannot keep others out. When there is no room for a newcomer, because of
    /// this limit, of [`max_connections`](Self::max_connections) or because the system has no more sockets, one
    /// handshake is dropped: of those that are not complete after 1 s, the oldest from the address that holds the most.
    /// While there is none, newcomers wait in the accept queue. IPv6 addresses count together if their first 64 bits
    /// are the same, and so do all peers over Unix sockets. There is no fixed share for an address, because many users
    /// may sit behind one.
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.policy.set_max_handshakes(handshakes);
        self
    }

    /// The address that the listener is bound to; the first one, if there are several.
    pub const fn local_addr(&self) -> &EndpointAddress {
        &self.first
    }

    /// All addresses that the listener is bound to: at least one. The addresses of a name have the same port, and are in
    /// the order of the resolver.
    pub fn local_addrs(&self) -> &[EndpointAddress] {
        &self.local
    }

    /// The number of open connections, those in their handshake included.
    pub fn connections(&self) -> usize {
        self.policy.connections()
    }

    /// Waits for the next connection, for you to accept or refuse. Returns `None` after [`shutdown`](Self::shutdown).
    ///
    /// Failed handshakes are answered and skipped, and so are connections that end early, and health checks
    /// ([`ServerConfig::health_path`]). If the system has run out
    /// of sockets, the listener drops a handshake that takes long, or tries again after 10 ms, doubled each time up to a
    /// second.
    ///
    /// It is cancel-safe: dropping the future loses no connection. The listener only makes progress while `accept` is
    /// polled, so a client's `connect` in the same task needs to be polled together with it, for example with `join`.
    pub async fn accept(&mut self) -> Option<Incoming<R>> {
        poll_fn(|cx| self.policy.poll_accept(cx)).await
    }

    /// Shuts down gracefully. Everything is over within `grace`:
    ///
    /// 1. At once, the listening sockets close, and pending requests are refused with status 503. Open connections go
    ///    on.
    /// 2. In the last part of `grace`, the listener ends the remaining ones with close code 1001. Writes to them fail
    ///    with `BrokenPipe`, and reads with an error that has
    ///    [`StreamError::ShutDown`](wsstream_core::StreamError::ShutDown) inside. This part is as long as the
    ///    [`close_timeout`](wsstream_core::ConnectionConfig::close_timeout), but at most half of `grace`. The
    ///    connections are told one after the other during the first half of this part, so that not all clients come
    ///    back at the same moment.
    /// 3. Shortly before the end, what is left is cut off: streams, and handshakes that are still under way. All reads
    ///    and writes fail with the same error. The application then has a second to drop its streams, or less: a tenth
    ///    of `grace`, a quarter of the last part.
    ///
    /// With 10 s, for example, connections are told after 5 s to 7.5 s, and are cut off after 9 s. `Duration::ZERO`
    /// cuts everything off at once.
    ///
    /// The streams take these steps when their tasks poll them; the listener wakes the tasks. Streams whose outermost
    /// layer is not a WebSocket cannot be told: they go on until they are cut off.
    ///
    /// The future returns 0 as soon as every stream is dropped. After `grace` it returns the number of streams that are
    /// still held. Dropping the future cuts off all connections at once. Dropping the listener without a shutdown
    /// leaves its connections open.
    pub fn shutdown(&mut self, grace: Duration) -> impl Future<Output = usize> + Send + use<'_, R> {
        let close_timeout = self.policy.accepting().layers().close_timeout();
        self.policy.shut_down(grace, close_timeout)
    }
}
