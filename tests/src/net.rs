//! Dialling and listening, by URL and by descriptor, and what tests of both need.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use wsstream_core::handshake::{ClientConfig, ServerConfig};
use wsstream_net::Runtime;
use wsstream_net::descriptor::{EndpointAddress, quote_argument, quote_value};
#[cfg(feature = "rustls")]
use wsstream_net::tls::ClientTls;

use crate::io::{Read, Write};
use crate::pattern::Pattern;
use crate::runtime::{TestRuntime, WsStream};

/// A socket that was dialled or accepted.
pub type NetSocket<R> = wsstream_net::NetSocket<<R as TestRuntime>::Net>;

/// The same, as the runtime's own stream.
pub type NetStream<R> = <R as TestRuntime>::Stream<NetSocket<R>>;

/// A byte stream over WebSocket that was dialled or accepted.
pub type NetWsStream<R> = WsStream<R, NetSocket<R>>;

/// A WebSocket over one, right after its opening handshake.
pub type Upgraded<R> = wsstream_net::Upgraded<NetSocket<R>, <R as TestRuntime>::Net>;

/// A listener.
pub type Listener<R> = wsstream_net::Listener<<R as TestRuntime>::Net>;

/// A connection that waits to be accepted.
pub type Incoming<R> = wsstream_net::Incoming<<R as TestRuntime>::Net>;

/// Where to connect.
pub type ClientEndpoint<R> = wsstream_net::ClientEndpoint<<R as TestRuntime>::Net>;

/// Where to listen.
pub type ServerEndpoint<R> = wsstream_net::ServerEndpoint<<R as TestRuntime>::Net>;

/// Dialling and listening, with streams that stories can read and write.
pub trait Net: TestRuntime {
    /// `Listener::bind`, to a free port.
    fn bind(server: ServerConfig) -> impl Future<Output = Listener<Self>> + Send {
        async { Listener::<Self>::bind("127.0.0.1:0", server).await.unwrap() }
    }

    /// `connect`.
    fn dial(url: &str) -> impl Future<Output = io::Result<NetWsStream<Self>>> + Send {
        async move {
            let stream = wsstream_net::connect::<Self::Net>(url).await?;
            Ok(Self::stream(stream))
        }
    }

    /// `ClientEndpoint::open`, with options.
    fn dial_with(
        url: &str,
        client: &ClientConfig,
    ) -> impl Future<Output = io::Result<Upgraded<Self>>> + Send {
        let endpoint = ClientEndpoint::<Self>::url(url, client.clone());
        async move { Ok(endpoint?.open().await?) }
    }

    /// The same, with TLS.
    #[cfg(feature = "rustls")]
    fn dial_with_tls(
        url: &str,
        client: &ClientConfig,
        tls: &ClientTls,
    ) -> impl Future<Output = io::Result<Upgraded<Self>>> + Send {
        let endpoint = ClientEndpoint::<Self>::url(url, client.clone());
        let tls = tls.clone();
        async move { Ok(endpoint?.tls(tls).open().await?) }
    }
}

impl<R: TestRuntime> Net for R {}

/// The byte stream after a handshake.
pub fn stream<R: TestRuntime>(upgraded: Upgraded<R>) -> NetWsStream<R> {
    R::stream(upgraded.into_stream())
}

/// How a server and the way to it are said.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no more")]
pub enum By {
    /// By URL.
    Url,
    /// By endpoint descriptor.
    Descriptor,
}

/// A listener of WebSocket on TCP, and how to get to its path `/here`.
///
/// # Panics
///
/// If it cannot listen.
pub async fn server<N: Net>(by: By) -> (Listener<N>, ClientEndpoint<N>) {
    match by {
        By::Url => {
            let listener = N::bind(ServerConfig::stream()).await;
            let url = format!("ws://{}/here", address::<N>(&listener));
            let client = ClientEndpoint::<N>::url(&url, ClientConfig::stream());
            (listener, client.unwrap())
        }
        By::Descriptor => {
            let port = free_port();
            let [server, client] = [format!("tcp:{port}"), format!("tcp:127.0.0.1:{port}")];
            let listener = listen::<N>(&over(&server, "ws://localhost/here", "")).await;
            let client = over(&client, "ws://localhost/here", "").parse();
            (listener.unwrap(), client.unwrap())
        }
    }
}

/// Lets the next one in, over WebSocket.
///
/// # Errors
///
/// The handshake's.
///
/// # Panics
///
/// If the listener has shut down.
pub async fn let_in<R: TestRuntime>(listener: &mut Listener<R>) -> io::Result<NetWsStream<R>> {
    let incoming = listener.accept().await.unwrap();
    Ok(stream::<R>(incoming.upgrade().await?))
}

/// Lets the next one in, whatever the listener's plan is.
///
/// # Errors
///
/// The handshake's.
///
/// # Panics
///
/// If the listener has shut down.
pub async fn let_in_any<R: TestRuntime>(listener: &mut Listener<R>) -> io::Result<NetStream<R>> {
    let incoming = listener.accept().await.unwrap();
    Ok(R::stream(incoming.accept().await?))
}

/// Where it listens, of TCP.
///
/// # Panics
///
/// If it listens elsewhere.
pub fn address<R: TestRuntime>(listener: &Listener<R>) -> SocketAddr {
    tcp(listener.local_addr())
}

/// An address, of TCP.
///
/// # Panics
///
/// If it is another one.
#[must_use]
pub fn tcp(address: &EndpointAddress) -> SocketAddr {
    address.tcp().unwrap()
}

/// Whether the system asks after a silent peer of this TCP connection, and gives it up after 2 minutes.
///
/// # Panics
///
/// If it is no TCP connection.
pub fn is_kept_alive<R: TestRuntime>(socket: &NetSocket<R>) -> bool {
    let tcp = R::Net::tcp_ref(socket.tcp().unwrap());
    #[cfg(target_os = "linux")]
    {
        let time = tcp.tcp_keepalive_time().unwrap().as_secs();
        let interval = tcp.tcp_keepalive_interval().unwrap().as_secs();
        let retries = tcp.tcp_keepalive_retries().unwrap();
        if (time, interval, retries) != (60, 15, 4) {
            return false;
        }
    }
    tcp.keepalive().unwrap()
}

/// Connects where a descriptor says.
///
/// # Errors
///
/// The descriptor's, and the endpoint's.
pub async fn connect<R: TestRuntime>(descriptor: &str) -> io::Result<NetStream<R>> {
    let endpoint: ClientEndpoint<R> = descriptor.parse()?;
    Ok(R::stream(endpoint.connect().await?))
}

/// Listens where a descriptor says.
///
/// # Errors
///
/// The descriptor's, and the endpoint's.
pub async fn listen<R: TestRuntime>(descriptor: &str) -> io::Result<Listener<R>> {
    let endpoint: ServerEndpoint<R> = descriptor.parse()?;
    Ok(endpoint.listen().await?)
}

/// The streams of a program, and their addresses.
#[derive(Debug)]
#[non_exhaustive]
pub struct Talked<C, S> {
    /// The client's stream.
    pub client: C,
    /// The server's.
    pub server: S,
    /// The address that the client has reached.
    pub reached: EndpointAddress,
    /// The address that the server has let in.
    pub let_in: EndpointAddress,
    /// The path that was asked for, where WebSocket is.
    pub path: Option<String>,
}

/// The program: a question of so many octets, an answer as long, and an end, wherever descriptors lead.
///
/// # Panics
///
/// If anything fails.
pub async fn talk<C: TestRuntime, S: TestRuntime>(
    server: &str,
    client: &str,
    len: usize,
) -> Talked<NetStream<C>, NetStream<S>> {
    let listener = listen::<S>(server).await.unwrap();
    let client = client.parse().unwrap();
    talk_with::<C, S>(listener, &client, len).await
}

/// The same, with options.
///
/// # Panics
///
/// If anything fails.
pub async fn talk_with<C: TestRuntime, S: TestRuntime>(
    mut listener: Listener<S>,
    client: &ClientEndpoint<C>,
    len: usize,
) -> Talked<NetStream<C>, NetStream<S>> {
    let (question, answer) = (Pattern::new(1).take(len), Pattern::new(2).take(len));
    let (expected, reply) = (question.clone(), answer.clone());
    let serving = S::spawn(async move {
        let incoming = listener.accept().await.unwrap();
        let path = incoming.request().map(|request| request.path().to_owned());
        let mut stream = incoming.accept().await.map(S::stream).unwrap();
        let peer = stream.peer_addr().unwrap();
        assert!(stream.read_exact(len).await.unwrap() == expected);
        stream.write_all(&reply).await.unwrap();
        stream.flush().await.unwrap();
        stream.finish().await.unwrap();
        (stream, peer, path)
    });
    let mut stream = client.connect().await.map(C::stream).unwrap();
    let reached = stream.peer_addr().unwrap();
    stream.write_all(&question).await.unwrap();
    stream.flush().await.unwrap();
    assert!(stream.read_exact(len).await.unwrap() == answer);
    stream.finish().await.unwrap();
    let (server, let_in, path) = serving.await;
    Talked {
        client: stream,
        server,
        reached,
        let_in,
        path,
    }
}
/// A port where nobody listens, another one each time: none of those that the system gives to whoever
/// does not care, which would be taken by the next test that does not.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let first = std::process::id() as usize * 251;
    let mut ports = (0..PORTS.len()).map(|_| {
        let number = first + NEXT.fetch_add(1, Ordering::Relaxed);
        PORTS.start + u16::try_from(number % PORTS.len()).unwrap()
    });
    let free = |port: &u16| TcpListener::bind(("0.0.0.0", *port)).is_ok();
    ports.find(free).unwrap()
}

/// Below those of Linux, and of everybody else.
const PORTS: std::ops::Range<u16> = 12_000..32_000;

/// WebSocket over another endpoint, with more keys.
#[must_use]
pub fn over(endpoint: &str, url: &str, keys: &str) -> String {
    let (endpoint, url) = (quote_argument(endpoint), quote_value(url));
    format!("autobahn:{endpoint}:url={url}{keys}")
}

/// A directory that is removed when it is dropped.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("wsstream-{process}-{number}"));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A path in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The same, for a descriptor.
    #[must_use]
    pub fn quoted(&self, name: &str) -> String {
        let path: &Path = &self.path(name);
        quote_argument(path.to_str().unwrap())
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
