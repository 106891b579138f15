//! A runtime whose network does as addresses say, and whose time passes when it is told to.
//!
//! All of it belongs to the thread of the test.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Future, pending, poll_fn};
use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use socket2::{Domain, SockRef, Type};
use wsstream_core::Timestamp;
use wsstream_core::pump::{self, Clock as _, Socket};

use crate::runtime::Runtime;
use crate::tls::ClientTls;

/// The network of a test: what was asked of it, and what it does.
#[derive(Default)]
pub(crate) struct Network {
    now: Duration,
    sleepers: Vec<Option<(Timestamp, Waker)>>,
    /// What was asked for, in order.
    pub(crate) asked: Vec<String>,
    /// What the peer says as soon as it is connected.
    pub(crate) says: Vec<u8>,
    /// What the first ones say instead, in order; and the other ends of these.
    pub(crate) scripted: (VecDeque<Vec<u8>>, Vec<Wire>),
    /// The other ends of what was connected.
    pub(crate) far: Vec<Wire>,
    /// Whether blocking work, such as looking a name up, never ends.
    pub(crate) hangs: bool,
}

thread_local! {
    static NETWORK: RefCell<Network> = RefCell::default();
}

/// Looks at the network of this thread.
pub(crate) fn network<T>(look: impl FnOnce(&mut Network) -> T) -> T {
    NETWORK.with_borrow_mut(look)
}

impl Network {
    pub(crate) const fn now(&self) -> Duration {
        self.now
    }

    /// Lets time pass up to the first deadline; `false` if there is none.
    pub(crate) fn advance_to_deadline(&mut self) -> bool {
        let deadlines = self.sleepers.iter().flatten().map(|(at, _)| *at);
        let Some(at) = deadlines.min() else {
            return false;
        };
        self.now = at.since_origin();
        for sleeper in &mut self.sleepers {
            if let Some((_, waker)) = sleeper.take_if(|(deadline, _)| *deadline <= at) {
                waker.wake();
            }
        }
        true
    }

    fn connect(&mut self, system: socket2::Socket) -> Wire {
        let (there, back) = (Line::default(), Line::default());
        let (says, far) = match self.scripted.0.pop_front() {
            Some(says) => (says, &mut self.scripted.1),
            None => (self.says.clone(), &mut self.far),
        };
        back.lock().unwrap().octets.extend(says);
        let system = Arc::new(system);
        far.push(Wire {
            system: Arc::clone(&system),
            input: Arc::clone(&there),
            output: Arc::clone(&back),
        });
        Wire {
            system,
            input: back,
            output: there,
        }
    }
}

/// The runtime.
#[derive(Debug)]
pub(crate) struct Virtual;

impl Runtime for Virtual {
    type Clock = Sleeper;
    type Tcp = Wire;
    type Unix = Wire;
    type TcpListener = Infallible;
    type UnixListener = Infallible;
    type Tls<S: Socket + std::fmt::Debug + Send + 'static> = Naked<S>;
    type Stream<S: Socket> = AsIs<S>;

    fn clock() -> Sleeper {
        network(|network| {
            network.sleepers.push(None);
            Sleeper {
                at: network.sleepers.len() - 1,
                origin: network.now,
            }
        })
    }

    fn spawn(_: impl Future<Output = ()> + Send + 'static) {}

    async fn blocking<T: Send + 'static>(
        work: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        if network(|network| network.hangs) {
            return pending().await;
        }
        Ok(work())
    }

    /// The last figure of an address says what it does.
    async fn connect_tcp(system: socket2::Socket, to: SocketAddr) -> io::Result<Wire> {
        let bound = system.local_addr().ok().and_then(|bound| bound.as_socket());
        let from = bound.filter(|bound| bound.port() > 0);
        let from = from.map(|from| format!(" from {}", from.ip()));
        let asked = format!("tcp {to}{}", from.unwrap_or_default());
        network(|network| network.asked.push(asked));
        match to.ip().to_string().as_bytes() {
            [.., b'9'] => pending().await,
            [.., b'8'] => return Err(ErrorKind::ConnectionRefused.into()),
            [.., b'7'] => late().await,
            _ => {}
        }
        Ok(network(|network| network.connect(system)))
    }

    fn tcp_listener(_: std::net::TcpListener) -> io::Result<Infallible> {
        Err(ErrorKind::Unsupported.into())
    }

    fn poll_accept_tcp(listener: &mut Infallible, _: &mut Context<'_>) -> Poll<io::Result<Wire>> {
        match *listener {}
    }

    fn tcp_ref(tcp: &Wire) -> SockRef<'_> {
        SockRef::from(&*tcp.system)
    }

    async fn connect_unix(path: &Path) -> io::Result<Wire> {
        network(|network| network.asked.push(format!("unix {}", path.display())));
        match path.to_str() {
            Some("/slow") => pending().await,
            Some("/gone") => Err(ErrorKind::NotFound.into()),
            _ => {
                let system = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
                Ok(network(|network| network.connect(system)))
            }
        }
    }

    fn unix_listener(_: std::os::unix::net::UnixListener) -> io::Result<Infallible> {
        Err(ErrorKind::Unsupported.into())
    }

    fn poll_accept_unix(listener: &mut Infallible, _: &mut Context<'_>) -> Poll<io::Result<Wire>> {
        match *listener {}
    }

    fn unix_ref(unix: &Wire) -> SockRef<'_> {
        Self::tcp_ref(unix)
    }

    /// Changes nothing. The name says what it does.
    async fn tls_connect<S: Socket + std::fmt::Debug + Send + 'static>(
        socket: S,
        _: &ClientTls,
        host: &str,
    ) -> io::Result<Naked<S>> {
        network(|network| network.asked.push(format!("tls {host}")));
        match host {
            "never" | "192.0.2.6" => pending().await,
            "broken" => return Err(ErrorKind::InvalidData.into()),
            "late" => late().await,
            _ => {}
        }
        Ok(Naked(socket))
    }

    fn tls_below<S: Socket + std::fmt::Debug + Send + 'static>(tls: &Naked<S>) -> &S {
        &tls.0
    }

    fn tls_below_mut<S: Socket + std::fmt::Debug + Send + 'static>(tls: &mut Naked<S>) -> &mut S {
        &mut tls.0
    }
}

/// Takes three seconds.
async fn late() {
    let mut clock = Virtual::clock();
    let due = clock.now() + Duration::from_secs(3);
    poll_fn(|cx| clock.poll_sleep(cx, due)).await;
}

/// Waits for the time of the network. As with real clocks, its own begins when it is made.
#[derive(Debug)]
pub(crate) struct Sleeper {
    at: usize,
    origin: Duration,
}

impl pump::Clock for Sleeper {
    fn now(&self) -> Timestamp {
        Timestamp::from_origin(network(|network| network.now) - self.origin)
    }

    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()> {
        if deadline <= self.now() {
            self.forget_sleep();
            return Poll::Ready(());
        }
        let sleeper = Some((deadline + self.origin, cx.waker().clone()));
        network(|network| network.sleepers[self.at] = sleeper);
        Poll::Pending
    }

    fn forget_sleep(&mut self) {
        network(|network| network.sleepers[self.at] = None);
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // The thread may be at its end.
        let _ = NETWORK.try_with(|network| network.borrow_mut().sleepers[self.at] = None);
    }
}

/// What one end has written, and the other has not read.
type Line = Arc<Mutex<Octets>>;

#[derive(Debug, Default)]
struct Octets {
    octets: VecDeque<u8>,
    has_ended: bool,
    reader: Option<Waker>,
}

/// One end of a connection in memory, with a socket of the system's that has the options.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) system: Arc<socket2::Socket>,
    input: Line,
    output: Line,
}

impl Wire {
    /// What was received and not read.
    pub(crate) fn received(&self) -> Vec<u8> {
        self.input.lock().unwrap().octets.drain(..).collect()
    }

    /// Whether the other end has closed.
    pub(crate) fn has_ended(&self) -> bool {
        self.input.lock().unwrap().has_ended
    }

    fn end(&self) {
        let mut output = self.output.lock().unwrap();
        output.has_ended = true;
        if let Some(reader) = output.reader.take() {
            reader.wake();
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.end();
    }
}

impl Socket for Wire {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut input = self.input.lock().unwrap();
        if input.octets.is_empty() && !input.has_ended {
            input.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = input.octets.len().min(buf.len());
        for (to, from) in buf.iter_mut().zip(input.octets.drain(..count)) {
            *to = from;
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bufs: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let mut output = self.output.lock().unwrap();
        let before = output.octets.len();
        for buf in bufs {
            output.octets.extend(&**buf);
        }
        if let Some(reader) = output.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(output.octets.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.end();
        Poll::Ready(Ok(()))
    }
}

/// TLS that changes nothing.
#[derive(Debug)]
pub(crate) struct Naked<S>(S);

impl<S: Socket> Socket for Naked<S> {
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buf)
    }

    fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx)
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_shutdown(cx)
    }
}

/// A stream of the runtime, which adds nothing.
#[derive(Debug)]
pub(crate) struct AsIs<S>(S);

impl<S> From<S> for AsIs<S> {
    fn from(socket: S) -> Self {
        Self(socket)
    }
}

impl<S> Deref for AsIs<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> DerefMut for AsIs<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.0
    }
}
