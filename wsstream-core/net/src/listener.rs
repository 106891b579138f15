//! Accepting from many.

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
use crate::plan::ServerPlan;
use crate::runtime::Runtime;
use crate::tls::ServerTls;

/// Listens, and reads requests concurrently: a slow client holds nobody up, as long as no more than
/// [`max_handshakes`](Self::max_handshakes) are slow.
///
/// It serves any plan: WebSocket over TCP or a Unix socket, with TLS or without, or what an endpoint descriptor
/// says.
#[derive(Debug)]
pub struct Listener<R: Runtime> {
    policy: Policy<Sockets<R>, R::Clock>,
    local: EndpointAddress,
}

impl<R: Runtime> Listener<R> {
    /// Listens on an address, for WebSocket as `config` says. `addr` is `HOST:PORT`, or a [`SocketAddr`](std::net::SocketAddr). The first
    /// address of a name that can be had is taken; with port 0 the system chooses a port.
    ///
    /// # Errors
    ///
    /// Those of binding, with the address; `Unsupported`, if [`Runtime::check`] says so.
    pub async fn bind(addr: impl fmt::Display, config: ServerConfig) -> io::Result<Self> {
        R::check()?;
        let addr = addr.to_string();
        let bound = R::blocking(move || sockets::listen_tcp(&addr, BACKLOG)).await??;
        Self::new(bound, Layers::websocket(config))
    }

    /// Listens on a Unix socket, for WebSocket as `config` says. A socket file that was left behind is replaced; a
    /// server that listens there is not. Everybody may connect; the file and its lock go when the listener does.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another server listens there; the system's; `Unsupported`, if [`Runtime::check`] says so.
    #[cfg(unix)]
    pub async fn bind_unix(path: impl AsRef<Path>, config: ServerConfig) -> io::Result<Self> {
        let plan = ServerPlan::unix(path.as_ref(), config)?;
        Self::open(&plan).await
    }

    /// Takes a socket that listens already: of your own making, or passed on by systemd.
    ///
    /// # Errors
    ///
    /// The system's, and the runtime's; `Unsupported`, if [`Runtime::check`] says so.
    pub fn from_std(listener: impl Into<StdListener>, config: ServerConfig) -> io::Result<Self> {
        R::check()?;
        let layers = Layers::websocket(config);
        Self::new(listener.into(), layers)
    }

    /// Listens as a plan says.
    pub(crate) async fn open(plan: &ServerPlan) -> io::Result<Self> {
        R::check()?;
        // First what can be wrong without anybody seeing it.
        let layers = Layers::read::<R>(plan).await?;
        let socket = plan.socket.clone();
        let bound = R::blocking(move || sockets::listen(&socket)).await??;
        Self::new(bound, layers)
    }

    fn new(listener: StdListener, layers: Layers) -> io::Result<Self> {
        let local = listener.local_addr()?;
        let policy = Policy::new(Sockets::new(listener, layers)?, R::clock());
        Ok(Self { policy, local })
    }

    /// Does TLS below everything else with all who connect from now on. The server's handshake timeout is for both
    /// handshakes.
    #[must_use]
    pub fn tls(mut self, tls: ServerTls) -> Self {
        self.policy
            .accepting_mut()
            .layers_mut()
            .layers
            .insert(0, Layer::Tls(tls));
        self
    }

    /// Whether to set TCP_NODELAY, so that nothing waits for more; default yes.
    #[must_use]
    pub fn nodelay(mut self, nodelay: bool) -> Self {
        self.policy.accepting_mut().layers_mut().nodelay = nodelay;
        self
    }

    /// At most so many connections at once, at least 1; by default as many as the system lets the process have.
    /// Further clients wait in the accept queue.
    ///
    /// A connection counts from when it leaves that queue until its stream is dropped, or taken apart with
    /// `into_inner`. If your program opens files or dials for each connection, set this to a part of what the
    /// system allows: a program without file descriptors fails in other places.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.policy.set_max_connections(connections);
        self
    }

    /// At most so many handshakes at once, at least 1; 1024 by default. Further clients wait in the accept queue.
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.policy.set_max_handshakes(handshakes);
        self
    }

    /// The address it listens on.
    pub const fn local_addr(&self) -> &EndpointAddress {
        &self.local
    }

    /// How many connections there are now, those in their handshake included.
    pub fn connections(&self) -> usize {
        self.policy.connections()
    }

    /// Waits for the next connection, to be accepted or refused; `None` after [`shutdown`](Self::shutdown).
    ///
    /// Handshakes that fail have been answered and are passed over, as are connections that end before they begin.
    /// When the system has no more sockets, it is asked again a little later, after a second at most. The future can
    /// be dropped without loss.
    ///
    /// Connections are taken while this is awaited: a client's `connect` in the same task does not return unless both
    /// are polled together, with `join`.
    pub async fn accept(&mut self) -> Option<Incoming<R>> {
        poll_fn(|cx| self.policy.poll_accept(cx)).await
    }

    /// Shuts down gracefully. From now on nobody can connect, and requests that were not accepted are refused with 503.
    /// Open connections may go on for `grace`. Those that are open then are ended with Close 1001, and cut off if the
    /// peer has not ended them within the close timeout of the server's
    /// [`ConnectionConfig`](wsstream_core::ConnectionConfig).
    ///
    /// Writing after that Close fails with `BrokenPipe`, and reading ends with
    /// [`StreamError::ShutDown`](wsstream_core::StreamError::ShutDown). As everything else this happens while a stream
    /// is polled: the tasks that wait for one are woken. Streams without a WebSocket on top are only counted.
    ///
    /// The future gives 0 once every stream is dropped; or, a second after they were cut off, how many are still held by
    /// tasks that do not look at them. Dropping the future cuts them off at once. Dropping a listener without this
    /// leaves its connections alone.
    pub fn shutdown(&mut self, grace: Duration) -> impl Future<Output = usize> + Send + use<'_, R> {
        let closing = self.policy.accepting().layers().close_timeout();
        self.policy.shut_down(grace, closing)
    }
}

/// What tokio and others ask for; the system may allow less.
const BACKLOG: u32 = 1024;
