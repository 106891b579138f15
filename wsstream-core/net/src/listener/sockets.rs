//! Listening sockets, and the handshakes of the connections they accept.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs as _};
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::os::unix::net::UnixListener;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::future::{AbortHandle, CatchUnwind, FutureExt as _, RemoteHandle, abortable};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use socket2::{Domain, SockRef, Socket, Type};
use wsstream_core::pump::Permit;

use super::policy::{Accepting, Ended};
use super::slots::{Source, Ticket};
use crate::descriptor::{EndpointAddress, with_context};
use crate::incoming::Incoming;
use crate::layers::Layers;
use crate::net_socket::NetSocket;
use crate::plan::ServerSocket;
use crate::runtime::Runtime;
#[cfg(unix)]
use crate::unix_file::UnixFile;

/// A listening socket of the standard library, for [`Listener::from_std`](crate::Listener::from_std). Convert a
/// [`TcpListener`](std::net::TcpListener) or, on Unix, a `UnixListener` into it.
#[derive(Debug)]
pub struct StdListener {
    /// The socket's file, if this crate created it.
    #[cfg(unix)]
    file: Option<UnixFile>,
    socket: StdSocket,
}

#[derive(Debug)]
enum StdSocket {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

impl From<std::net::TcpListener> for StdListener {
    fn from(tcp: std::net::TcpListener) -> Self {
        Self {
            #[cfg(unix)]
            file: None,
            socket: StdSocket::Tcp(tcp),
        }
    }
}

/// The listener does not remove the socket's file.
#[cfg(unix)]
impl From<UnixListener> for StdListener {
    fn from(unix: UnixListener) -> Self {
        Self {
            file: None,
            socket: StdSocket::Unix(unix),
        }
    }
}

impl StdListener {
    pub(super) fn local_addr(&self) -> io::Result<EndpointAddress> {
        let socket = match &self.socket {
            StdSocket::Tcp(tcp) => SockRef::from(tcp),
            #[cfg(unix)]
            StdSocket::Unix(unix) => SockRef::from(unix),
        };
        socket.local_addr().map(EndpointAddress::from_system)
    }
}

/// A listening socket, registered with the runtime.
enum Bound<R: Runtime> {
    Tcp(R::TcpListener),
    #[cfg(unix)]
    Unix(
        #[expect(dead_code, reason = "its drop removes the file")] Option<UnixFile>,
        R::UnixListener,
    ),
}

/// A listening socket, the layers of its connections, and the handshakes in progress.
pub(super) struct Sockets<R: Runtime> {
    /// `None` after `stop`.
    bound: Option<Bound<R>>,
    layers: Arc<Layers>,
    /// Which peers are let in. In a lock that nobody waits for: it makes the listener `Sync`.
    admits: Option<Mutex<Box<Admits>>>,
    handshakes: FuturesUnordered<Task<Ended<Incoming<R>>>>,
}

type Admits = dyn FnMut(&EndpointAddress) -> bool + Send;

/// A task that ends when it is dropped. What panics in it, a program's own certificate resolver for example, is an error
/// of that connection.
struct Task<T> {
    ticket: Ticket,
    handle: CatchUnwind<AssertUnwindSafe<RemoteHandle<T>>>,
}

impl<I: 'static> Future for Task<Ended<I>> {
    type Output = (Ticket, Ended<I>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = ready!(self.handle.poll_unpin(cx));
        let panicked = |_| Some(Err(io::Error::other("the handshake's task panicked")));
        Poll::Ready((self.ticket, ended.unwrap_or_else(panicked)))
    }
}

impl<R: Runtime> Sockets<R> {
    pub(super) fn new(listener: StdListener, layers: Layers) -> io::Result<Self> {
        let bound = match listener.socket {
            StdSocket::Tcp(tcp) => {
                tcp.set_nonblocking(true)?;
                Bound::Tcp(R::tcp_listener(tcp)?)
            }
            #[cfg(unix)]
            StdSocket::Unix(unix) => {
                unix.set_nonblocking(true)?;
                Bound::Unix(listener.file, R::unix_listener(unix)?)
            }
        };
        Ok(Self {
            bound: Some(bound),
            layers: Arc::new(layers),
            admits: None,
            handshakes: FuturesUnordered::new(),
        })
    }

    pub(super) fn layers(&self) -> &Layers {
        &self.layers
    }

    /// Changes the layers of connections accepted from now on.
    pub(super) fn layers_mut(&mut self) -> &mut Layers {
        Arc::make_mut(&mut self.layers)
    }

    /// Sets which peers are let in from now on.
    pub(super) fn set_admits(&mut self, admits: Box<Admits>) {
        self.admits = Some(Mutex::new(admits));
    }

    /// Spawns a task that is cancelled when the listener is dropped.
    fn spawn(
        &self,
        ticket: Ticket,
        task: impl Future<Output = io::Result<Incoming<R>>> + Send + 'static,
    ) -> AbortHandle {
        let (task, abort) = abortable(task);
        let (task, handle) = task.map(Result::ok).remote_handle();
        R::spawn(task);
        let handle = AssertUnwindSafe(handle).catch_unwind();
        self.handshakes.push(Task { ticket, handle });
        abort
    }
}

impl<R: Runtime> Accepting for Sockets<R> {
    type Connection = NetSocket<R>;
    type Incoming = Incoming<R>;
    type Handshake = AbortHandle;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<NetSocket<R>>> {
        match &mut self.bound {
            None => Poll::Pending,
            Some(Bound::Tcp(tcp)) => R::poll_accept_tcp(tcp, cx).map_ok(NetSocket::from_tcp),
            #[cfg(unix)]
            Some(Bound::Unix(_, unix)) => {
                R::poll_accept_unix(unix, cx).map_ok(NetSocket::from_unix)
            }
        }
    }

    fn admit(&mut self, socket: &NetSocket<R>) -> io::Result<Option<Source>> {
        let peer = match &self.bound {
            // Some systems forget the peer once it has closed, although it may have said something before.
            #[cfg(unix)]
            Some(Bound::Unix(..)) => socket.peer_addr().unwrap_or(EndpointAddress::Unix(None)),
            _ => socket.peer_addr()?,
        };
        let admits = self.admits.as_mut().is_none_or(|admits| {
            let admits = admits.get_mut().unwrap_or_else(PoisonError::into_inner);
            admits(&peer)
        });
        Ok(admits.then(|| Source::of(&peer)))
    }

    fn begin(&mut self, socket: NetSocket<R>, permit: Permit, ticket: Ticket) -> AbortHandle {
        let layers = Arc::clone(&self.layers);
        self.spawn(ticket, async move {
            socket.set_up(layers.nodelay)?;
            Ok(Incoming::new(layers.begin(socket, permit).await?))
        })
    }

    fn evict(&mut self, handshake: AbortHandle) {
        handshake.abort();
    }

    fn refuse(&mut self, incoming: Incoming<R>, ticket: Ticket) {
        self.spawn(ticket, async move {
            incoming.accept().await?;
            Err(io::ErrorKind::NotConnected.into())
        });
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<(Ticket, Ended<Incoming<R>>)> {
        match ready!(self.handshakes.poll_next_unpin(cx)) {
            Some(ended) => Poll::Ready(ended),
            None => Poll::Pending,
        }
    }

    fn stop(&mut self) {
        self.bound = None;
    }

    fn cut_off(&mut self) {
        self.handshakes.clear();
    }
}

impl<R: Runtime> fmt::Debug for Sockets<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Sockets");
        match &self.bound {
            Some(Bound::Tcp(tcp)) => fields.field("bound", tcp),
            #[cfg(unix)]
            Some(Bound::Unix(_, unix)) => fields.field("bound", unix),
            None => &mut fields,
        };
        fields.field("layers", &self.layers).finish_non_exhaustive()
    }
}

/// Listens on the socket of a plan. Blocks while it looks up a name.
pub(super) fn listen(socket: &ServerSocket) -> io::Result<StdListener> {
    match socket {
        ServerSocket::Tcp(tcp) => {
            let addresses = (&*tcp.interface, tcp.port).to_socket_addrs();
            let addresses = addresses.map_err(|error| with_context(&tcp.interface, error))?;
            listen_on_first(addresses, tcp.backlog)
        }
        #[cfg(unix)]
        ServerSocket::Unix(unix) => {
            let (socket, file) = UnixFile::bind(unix)?;
            socket.listen(system_backlog(unix.backlog))?;
            Ok(StdListener {
                file: Some(file),
                socket: StdSocket::Unix(OwnedFd::from(socket).into()),
            })
        }
        #[cfg(not(unix))]
        ServerSocket::Unix(_) => Err(crate::descriptor::UnsupportedEndpoint::Unix.into()),
    }
}

/// Listens on `HOST:PORT`. Blocks while it looks up the name.
pub(super) fn listen_tcp(addr: &str, backlog: u32) -> io::Result<StdListener> {
    let port = addr.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    // A URL would be looked up as a name.
    if !matches!(port, Some(Ok(_))) || addr.contains('/') {
        let reason = format!("{addr}: expected HOST:PORT");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let addresses = addr
        .to_socket_addrs()
        .map_err(|error| with_context(addr, error))?;
    listen_on_first(addresses, backlog)
}

/// Listens on the first address that can be bound.
fn listen_on_first(
    addresses: impl Iterator<Item = SocketAddr>,
    backlog: u32,
) -> io::Result<StdListener> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match listen_on(address, backlog) {
            Ok(socket) => return Ok(std::net::TcpListener::from(socket).into()),
            Err(error) => last = with_context(address, error),
        }
    }
    Err(last)
}

fn listen_on(address: SocketAddr, backlog: u32) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows this option would let other programs take over the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(system_backlog(backlog))?;
    Ok(socket)
}

fn system_backlog(backlog: u32) -> i32 {
    i32::try_from(backlog).unwrap_or(i32::MAX)
}
