#![doc = include_str!("front_page.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
pub mod axum;
mod clock;
mod io;
mod runtime;
mod stream;
#[cfg(feature = "test-kit")]
pub mod test_kit;
#[cfg(feature = "rustls")]
mod tls;

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use wsstream_core::pump::{self, Socket};

pub use clock::TokioClock;
pub use io::Io;
pub use runtime::Tokio;
pub use stream::{AsyncStream, ReadHalf, WriteHalf};
#[cfg(feature = "rustls")]
pub use tls::Tls;

#[doc(inline)]
pub use wsstream_net::prelude::*;
#[doc(no_inline)]
pub use wsstream_net::reexports::*;

/// A TCP connection, a Unix socket, or TLS or WebSocket over another `NetSocket`: `peer_addr`, `local_addr`, `tcp`, `tls`,
/// `websocket`, `below` and so on. [`wsstream_net::NetSocket`] documents its methods.
///
/// ```
/// use wsstream_tokio::NetStream;
///
/// fn describe(stream: &NetStream) -> std::io::Result<String> {
///     // Through every layer.
///     let over = if stream.is_tls() { "TLS" } else { "no TLS" };
///     Ok(format!("{} over {over}", stream.peer_addr()?))
/// }
/// ```
pub type NetSocket = wsstream_net::NetSocket<Tokio>;

/// What endpoints and listeners give: a [`NetSocket`] as tokio's `AsyncRead + AsyncWrite`. It dereferences to the
/// `NetSocket`, so it has [its methods](wsstream_net::NetSocket), `finish` for one. `NetStream::from_tcp` makes one of a
/// `TcpStream`, and `from_unix` one of a `UnixStream`.
///
/// ```
/// use tokio::io::AsyncWriteExt;
/// use wsstream_tokio::ClientEndpoint;
///
/// # async fn example(descriptor: &str) -> Result<(), Box<dyn std::error::Error>> {
/// // tokio::net::TcpStream, TLS or WebSocket: the program does not care.
/// let endpoint: ClientEndpoint = descriptor.parse()?;
/// let mut stream = endpoint.connect().await?;
/// println!("connected to {}", stream.peer_addr()?);
/// stream.write_all(b"hello").await?;
/// stream.finish().await?;
/// # Ok(())
/// # }
/// ```
pub type NetStream = AsyncStream<NetSocket>;

/// A byte stream over WebSocket over `S`, as tokio's `AsyncRead + AsyncWrite`. It dereferences to
/// [`pump::Stream`], so it has that type's methods, `finish`, `info` and `peer_addr` for example.
///
/// Reading gives 0 octets at the peer's Close 1000 or without a code. Any other end is an error, with a
/// [`StreamError`] inside: `ConnectionAborted` for another code, `UnexpectedEof`
/// if the socket ends without a Close, or the peer closes inside a message, `InvalidData` if the peer
/// breaks the protocol, `TimedOut`.
///
/// `shutdown` sends what is queued and Close 1000; reading goes on until the peer's. Only
/// [`finish`](pump::Stream::finish) tells that everything arrived. Dropping the stream
/// is no good end: it says Close 1001, or 1000 with [`ConnectionConfig::close_on_drop`]. What was written still
/// arrives, as with TCP: a task delivers it, unless the runtime ends before, or the peer takes nothing for
/// [`progress_timeout`](ConnectionConfig::progress_timeout).
///
/// A peer that did not agree to half close ends both directions when it receives a Close, and may cut
/// off its reply: the end of reading behind our own first Close does not prove that the reply is whole.
///
/// A write leaves without a flush while the socket has room. What it had no room for leaves when either half
/// is polled next: flush before waiting for something else.
///
/// ```
/// use tokio::io::{AsyncReadExt, AsyncWriteExt};
/// use wsstream_tokio::WsStream;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream: WsStream = wsstream_tokio::connect("ws://localhost:9000").await?;
/// stream.write_all(b"hello").await?;
/// let mut reply = [0; 5];
/// stream.read_exact(&mut reply).await?;
/// println!("subprotocol: {:?}", stream.info().agreed.subprotocol());
/// stream.finish().await?;
/// # Ok(())
/// # }
/// ```
pub type WsStream<S = NetSocket> = AsyncStream<pump::Stream<S, TokioClock>>;

/// Whole messages over WebSocket over `S`, for protocols that are made of messages: `recv`, `send`, `ping` and `close`.
/// [`wsstream_core::pump::WebSocket`] documents its methods.
///
/// It is a `Stream` and a `Sink` of the crate `futures`, too, and can be split. A message that is received has at most 1 MiB,
/// and a minute: [`ConnectionConfig::max_message`] and [`ConnectionConfig::message_timeout`]. Pings are answered, and
/// sent, without your doing.
///
/// ```no_run
/// use futures_util::{SinkExt, StreamExt};
/// use wsstream_tokio::{ClientConfig, ClientEndpoint};
///
/// # async fn chat() -> std::io::Result<()> {
/// let endpoint = ClientEndpoint::url("ws://localhost:9000/chat", ClientConfig::messages())?;
/// let (mut sink, mut stream) = endpoint.open().await?.into_websocket().split();
/// sink.send("hello".into()).await?;
/// while let Some(message) = stream.next().await {
///     println!("{}", message?.into_text()?);
/// }
/// # Ok(())
/// # }
/// ```
///
/// ```
/// use wsstream_tokio::{ClientConfig, ClientEndpoint, Message};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = ClientEndpoint::url("ws://localhost:9000/chat", ClientConfig::messages())?;
/// let mut websocket = endpoint.open().await?.into_websocket();
/// websocket.send(Message::Text("hello".into())).await?;
/// while let Some(message) = websocket.recv().await? {
///     println!("{message:?}");
/// }
/// # Ok(())
/// # }
/// ```
pub type WebSocket<S = NetSocket> = pump::WebSocket<S, TokioClock>;

/// A connection right after its opening handshake: `agreed`, `request` and `response` tell what was said, and
/// `into_stream` or `into_websocket` begins to use it. [`wsstream_net::Upgraded`] documents its methods.
///
/// A connection that was upgraded elsewhere is taken with `Upgraded::new(Io::new(io), ..)`.
///
/// ```
/// use wsstream_tokio::{ClientConfig, ClientEndpoint};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint = ClientEndpoint::url("ws://localhost:9000/", ClientConfig::stream())?;
/// let upgraded = endpoint.open().await?;
/// println!("compressed: {}", upgraded.agreed().deflate().is_some());
/// if let Some(response) = upgraded.response() {
///     println!("served by {:?}", response.headers().get("Server"));
/// }
/// let stream = upgraded.into_stream();
/// # Ok(())
/// # }
/// ```
pub type Upgraded<S = NetSocket> = wsstream_net::Upgraded<S, Tokio>;

/// A request on a stream of yours that waits for the answer: `request`, `check`, `accept` and `refuse`.
/// [`wsstream_net::Handshake`] documents its methods.
///
/// ```
/// use wsstream_tokio::{Refusal, ServerConfig, accept_with};
///
/// # async fn example(tcp: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let handshake = accept_with(tcp, &ServerConfig::stream()).await?;
/// if handshake.request().path() != "/tunnel" {
///     handshake.refuse(&Refusal::new(404)).await?;
///     return Ok(());
/// }
/// let stream = handshake.accept().await?.into_stream();
/// # Ok(())
/// # }
/// ```
pub type Handshake<S = NetSocket> = wsstream_net::Handshake<S, Tokio>;

/// Listens on TCP and Unix sockets, and reads requests concurrently: make it with `bind`, `bind_unix` or `from_std`,
/// then call `accept`, and `shutdown` in the end. [`wsstream_net::Listener`] documents its methods.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_tokio::{Listener, ServerConfig};
///
/// # async fn serve() -> std::io::Result<()> {
/// let listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
/// let mut listener = listener.max_connections(10_000);
/// loop {
///     tokio::select! {
///         Some(incoming) = listener.accept() => {
///             tokio::spawn(async move { incoming.accept().await?.finish().await });
///         }
///         _ = tokio::signal::ctrl_c() => break,
///     }
/// }
/// listener.shutdown(Duration::from_secs(20)).await;
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Its `accept` panics on a runtime without timers (`enable_time`). `bind` fails there with `Unsupported`.
pub type Listener = wsstream_net::Listener<Tokio>;

/// A connection from a [`Listener`] that waits to be accepted or refused: look at `request` and `peer_addr`, then call
/// `accept` for a [`NetStream`], `upgrade` for an [`Upgraded`], or `refuse`. [`wsstream_net::Incoming`] documents its
/// methods.
///
/// ```
/// use wsstream_tokio::{Incoming, NetStream, Refusal};
///
/// async fn decide(incoming: Incoming) -> Result<Option<NetStream>, Box<dyn std::error::Error>> {
///     let path = incoming.request().map(|request| request.path());
///     if path != Some("/tunnel") {
///         incoming.refuse(&Refusal::new(404)).await?;
///         return Ok(None);
///     }
///     Ok(Some(incoming.accept().await?))
/// }
/// ```
pub type Incoming = wsstream_net::Incoming<Tokio>;

/// Where to connect, and how. Make it with `ClientEndpoint::url(url, config)`, or parse it from an endpoint descriptor;
/// add options such as `proxy`, `unix`, `tls` or `bind_address`; then call `connect` for a [`NetStream`], or `open` for
/// an [`Upgraded`]. [`wsstream_net::ClientEndpoint`] documents its methods.
///
/// ```
/// use wsstream_tokio::{ClientConfig, ClientEndpoint, Proxy};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let config = ClientConfig::stream().header("Cookie", "session=1")?;
/// let endpoint = ClientEndpoint::url("ws://localhost:9000/tunnel", config)?
///     .proxy(Proxy::parse("http://proxy:3128")?);
/// println!("{}", endpoint.plan());
/// let stream = endpoint.connect().await?;
/// # Ok(())
/// # }
/// ```
pub type ClientEndpoint = wsstream_net::ClientEndpoint<Tokio>;

/// Where to listen, and how. Parse it from an endpoint descriptor; then call `listen` for a [`Listener`].
/// [`wsstream_net::ServerEndpoint`] documents its methods.
///
/// ```
/// use wsstream_tokio::ServerEndpoint;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let endpoint: ServerEndpoint = r"autobahn:tcp\:9000:url=ws\://localhost\:9000".parse()?;
/// let mut listener = endpoint.listen().await?;
/// while let Some(incoming) = listener.accept().await {
///     println!("a client at {}", incoming.peer_addr()?);
/// }
/// # Ok(())
/// # }
/// ```
pub type ServerEndpoint = wsstream_net::ServerEndpoint<Tokio>;

/// Counts connections that no [`Listener`] has accepted, and ends them gracefully: `tracked` of an [`Upgraded`] and
/// `shutdown`. [`wsstream_net::Tracker`] documents its methods.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_tokio::{Handshake, Io, Tracker};
///
/// # async fn serve<S>(tracker: Tracker, handshake: Handshake<Io<S>>) -> Result<(), Box<dyn std::error::Error>>
/// # where Io<S>: wsstream_core::pump::Socket + Send + 'static {
/// let stream = handshake.accept().await?.tracked(&tracker).into_stream();
/// // When the server is to end:
/// let left = tracker.shutdown(Duration::from_secs(20)).await;
/// # Ok(())
/// # }
/// ```
pub type Tracker = wsstream_net::Tracker<Tokio>;

/// A blocking reader and a blocking writer as a socket, such as standard input and output. Make an [`AsyncStream`] of
/// it to [`relay()`]: see [`wsstream_net::BlockingSocket`].
///
/// ```
/// use std::io::{stdin, stdout};
/// use wsstream_tokio::{AsyncStream, BlockingSocket, relay};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = wsstream_tokio::connect("ws://localhost:9000").await?;
/// let mut local = AsyncStream::from(BlockingSocket::new(stdin(), stdout()));
/// relay(&mut local, &mut stream).await.into_result()?;
/// # Ok(())
/// # }
/// ```
pub type BlockingSocket = wsstream_net::BlockingSocket<Tokio>;

/// Opens a byte stream to a `ws://` or `wss://` URL, as [`ClientConfig::stream`] says. With options, use a
/// [`ClientEndpoint`].
///
/// # Errors
///
/// As [`wsstream_net::connect`]; `Unsupported` on a runtime without timers (`enable_time`).
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let stream = wsstream_tokio::connect("ws://localhost:9000").await?;
/// # Ok(())
/// # }
/// ```
pub async fn connect(url: &str) -> Result<WsStream, Error> {
    wsstream_net::connect::<Tokio>(url).await
}

/// Asks for a WebSocket over a stream to the URL's host that you have made. For a `wss` URL it has to be TLS, which you
/// say with [`ClientConfig::assume_secure`].
///
/// # Errors
///
/// As [`wsstream_net::connect_over`]; `Unsupported` on a runtime without timers (`enable_time`).
///
/// ```
/// use wsstream_tokio::{ClientConfig, connect_on};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tcp = tokio::net::TcpStream::connect("localhost:9000").await?;
/// let upgraded = connect_on(tcp, "ws://localhost:9000/", &ClientConfig::stream()).await?;
/// let stream = upgraded.into_stream();
/// # Ok(())
/// # }
/// ```
pub async fn connect_on<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: S,
    url: &str,
    config: &ClientConfig,
) -> Result<Upgraded<Io<S>>, Error> {
    wsstream_net::connect_over(Io::new(io), url, config).await
}

/// Accepts a byte stream on any stream, as [`ServerConfig::stream`] says.
///
/// Each call has a [`CompressionBudget`] of its own. Where many strangers connect, use [`accept_with`] and one
/// [`ServerConfig`], or a [`Listener`]: then they share one.
///
/// # Errors
///
/// As [`accept_with`] and [`Handshake::accept`].
///
/// ```
/// # async fn example(tcp: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = wsstream_tokio::accept(tcp).await?;
/// # Ok(())
/// # }
/// ```
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    io: S,
) -> Result<WsStream<Io<S>>, Error> {
    wsstream_net::accept::<_, Tokio>(Io::new(io)).await
}

/// Waits for the request of the client that has connected `io`.
///
/// # Errors
///
/// As [`wsstream_net::accept_with`]; `Unsupported` on a runtime without timers (`enable_time`).
///
/// ```
/// use wsstream_tokio::{ServerConfig, accept_with};
///
/// # async fn example(tcp: tokio::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let handshake = accept_with(tcp, &ServerConfig::stream().path("/tunnel")).await?;
/// println!("{}", handshake.request().path());
/// let stream = handshake.accept().await?.into_stream();
/// # Ok(())
/// # }
/// ```
pub async fn accept_with<S: AsyncRead + AsyncWrite + Unpin>(
    io: S,
    config: &ServerConfig,
) -> Result<Handshake<Io<S>>, Error> {
    wsstream_net::accept_with(Io::new(io), config).await
}

/// Joins any two streams of this crate until both have ended, or one fails: see [`wsstream_net::relay()`].
///
/// A [`NetStream`] can be made of a `TcpStream` or a `UnixStream`, and `AsyncStream::from(Io::new(io))` of anything
/// else that is read and written.
///
/// ```no_run
/// use wsstream_tokio::{Incoming, NetStream, relay};
///
/// # async fn serve(incoming: Incoming) -> std::io::Result<()> {
/// let target = tokio::net::TcpStream::connect("localhost:5432").await?;
/// let mut stream = incoming.accept().await?;
/// let relayed = relay(&mut stream, &mut NetStream::from_tcp(target)).await;
/// println!("{} octets up, {} down", relayed.a_to_b.octets, relayed.b_to_a.octets);
/// # Ok(())
/// # }
/// ```
pub async fn relay(a: &mut AsyncStream<impl Socket>, b: &mut AsyncStream<impl Socket>) -> Relayed {
    wsstream_net::relay::<Tokio>(&mut **a, &mut **b).await
}

/// As [`relay()`], with another limit than 60 seconds for the reply of a peer that did not agree to half close.
///
/// ```
/// use std::time::Duration;
/// use wsstream_tokio::{NetStream, Relayed, relay_with};
///
/// async fn carry(a: &mut NetStream, b: &mut NetStream) -> Relayed {
///     // A browser's reply may come 5 minutes late.
///     relay_with(a, b, Duration::from_secs(300)).await
/// }
/// ```
pub async fn relay_with(
    a: &mut AsyncStream<impl Socket>,
    b: &mut AsyncStream<impl Socket>,
    patience: Duration,
) -> Relayed {
    wsstream_net::relay_with::<Tokio>(&mut **a, &mut **b, patience).await
}
