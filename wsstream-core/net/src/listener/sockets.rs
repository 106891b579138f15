//! Listening sockets, and the handshakes of the connections they accept.

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use wsstream_core::LogSpan;
use wsstream_core::pump::Permit;

use super::policy::{Accepting, Ended};
use super::slots::{Source, Ticket};
use super::std_listener::{StdListener, StdSockets};
use super::tasks::Tasks;
use crate::descriptor::EndpointAddress;
use crate::incoming::Incoming;
use crate::layers::Layers;
use crate::log;
use crate::net_socket::NetSocket;
use crate::runtime::Runtime;
#[cfg(unix)]
use crate::unix_file::UnixFile;

/// Listening sockets, registered with the runtime.
enum Bound<R: Runtime> {
    Tcp {
        sockets: Vec<R::TcpListener>,
        /// The index of the one whose turn it is.
        next: usize,
    },
    #[cfg(unix)]
    Unix(
        #[expect(dead_code, reason = "its drop removes the file")] Option<UnixFile>,
        R::UnixListener,
    ),
}

/// Listening sockets, the layers of their connections, and the handshakes in progress.
pub(super) struct Sockets<R: Runtime> {
    /// `None` after `stop`.
    bound: Option<Bound<R>>,
    layers: Arc<Layers>,
    /// Which peers are let in. In a lock that nobody waits for: it makes the listener `Sync`.
    admits: Option<Mutex<Box<Admits>>>,
    /// Who is told of the system's errors, in the same way.
    on_error: Option<Mutex<Box<OnError>>>,
    handshakes: Tasks<Ticket, Handshaken<R>>,
}

type Admits = dyn FnMut(&EndpointAddress) -> bool + Send;
type OnError = dyn FnMut(&io::Error) + Send;

impl<R: Runtime> Sockets<R> {
    pub(super) fn new(listener: StdListener, layers: Layers) -> io::Result<Self> {
        let bound = match listener.0 {
            StdSockets::Tcp(tcp) => {
                let register = |tcp: std::net::TcpListener| {
                    tcp.set_nonblocking(true)?;
                    R::tcp_listener(tcp)
                };
                let sockets = tcp.into_iter().map(register);
                Bound::Tcp {
                    sockets: sockets.collect::<io::Result<_>>()?,
                    next: 0,
                }
            }
            #[cfg(unix)]
            StdSockets::Unix(file, unix) => {
                unix.set_nonblocking(true)?;
                Bound::Unix(file, R::unix_listener(unix)?)
            }
        };
        Ok(Self {
            bound: Some(bound),
            layers: Arc::new(layers),
            admits: None,
            on_error: None,
            handshakes: Tasks::new(),
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

    /// Sets who is told of the system's errors from now on.
    pub(super) fn set_on_error(&mut self, on_error: Box<OnError>) {
        self.on_error = Some(Mutex::new(on_error));
    }

    /// Begins a task that ends when the listener is dropped.
    fn spawn(
        &mut self,
        ticket: Ticket,
        task: impl Future<Output = Handshaken<R>> + Send + 'static,
    ) {
        R::spawn(self.handshakes.begin(ticket, task));
    }
}

/// What a handshake came to. A failure has the span in which it is logged.
type Handshaken<R> = Result<Incoming<R>, (LogSpan, io::Error)>;

impl<R: Runtime> Accepting for Sockets<R> {
    type Connection = NetSocket<R>;
    type Incoming = Incoming<R>;
    type Handshake = Ticket;

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<NetSocket<R>>> {
        match &mut self.bound {
            None => Poll::Pending,
            Some(Bound::Tcp { sockets, next }) => {
                poll_in_turn(sockets, next, |tcp| R::poll_accept_tcp(tcp, cx))
                    .map_ok(NetSocket::from_tcp)
            }
            #[cfg(unix)]
            Some(Bound::Unix(_, unix)) => {
                R::poll_accept_unix(unix, cx).map_ok(NetSocket::from_unix)
            }
        }
    }

    fn failed(&mut self, error: &io::Error) {
        if let Some(on_error) = &mut self.on_error {
            let on_error = on_error.get_mut().unwrap_or_else(PoisonError::into_inner);
            on_error(error);
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

    fn begin(&mut self, socket: NetSocket<R>, permit: Permit, ticket: Ticket) -> Ticket {
        let layers = Arc::clone(&self.layers);
        let span = log::span_of(&socket);
        self.spawn(ticket, async move {
            let begun = async {
                socket.set_up(layers.nodelay)?;
                layers.begin(socket, permit, &span).await
            };
            match begun.await {
                Ok(begun) => Ok(Incoming::new(begun)),
                Err(error) => Err((span, error)),
            }
        });
        ticket
    }

    fn evict(&mut self, handshake: Ticket) {
        self.handshakes.end(handshake);
    }

    fn refuse(&mut self, incoming: Incoming<R>, ticket: Ticket) {
        self.spawn(ticket, async move {
            let refused: io::Error = match incoming.accept().await {
                Ok(_) => io::ErrorKind::NotConnected.into(),
                Err(error) => error.into(),
            };
            Err((LogSpan::default(), refused))
        });
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<(Ticket, Ended<Incoming<R>>)> {
        let (ticket, ended) = ready!(self.handshakes.poll_ended(cx));
        // What panics in it, a program's own certificate resolver for example, is an error of that connection.
        let panicked = |_| {
            let error = io::Error::other("the handshake's task panicked");
            Err((LogSpan::default(), error))
        };
        let ended = ended.map(|ended| {
            ended.unwrap_or_else(panicked).map_err(|(span, error)| {
                log::failed(&span, &error);
                error
            })
        });
        Poll::Ready((ticket, ended))
    }

    fn stop(&mut self) {
        self.bound = None;
    }

    fn cut_off(&mut self) {
        self.handshakes = Tasks::new();
    }
}

impl<R: Runtime> fmt::Debug for Sockets<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Sockets");
        match &self.bound {
            Some(Bound::Tcp { sockets, .. }) => fields.field("bound", sockets),
            #[cfg(unix)]
            Some(Bound::Unix(_, unix)) => fields.field("bound", unix),
            None => &mut fields,
        };
        fields.field("layers", &self.layers).finish_non_exhaustive()
    }
}

/// Polls the sockets until one is ready, beginning with the one whose turn it is. After a result, of success or not,
/// that is the one behind: none can keep the others waiting.
fn poll_in_turn<S, T>(
    sockets: &mut [S],
    next: &mut usize,
    mut poll: impl FnMut(&mut S) -> Poll<T>,
) -> Poll<T> {
    let count = sockets.len();
    let (before, from) = sockets.split_at_mut((*next).min(count));
    for (passed, socket) in (1..).zip(from.iter_mut().chain(before)) {
        if let Poll::Ready(ready) = poll(socket) {
            *next = (*next + passed) % count;
            return Poll::Ready(ready);
        }
    }
    Poll::Pending
}

#[cfg(test)]
mod tests;
