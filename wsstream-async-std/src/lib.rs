#![doc = include_str!("front_page.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod clock;
mod runtime;
#[cfg(feature = "test-kit")]
pub mod test_kit;
#[cfg(feature = "rustls")]
mod tls;

use std::time::Duration;

use futures_io::{AsyncRead as Read, AsyncWrite as Write};
use wsstream_core::pump::{self, Socket};

pub use self::clock::AsyncIoClock;
pub use self::runtime::{AsyncStd, Connections};
#[cfg(feature = "rustls")]
pub use self::tls::Tls;

#[doc(inline)]
pub use wsstream_net::futures_io::{AsyncStream, Io, ReadHalf, WriteHalf};
#[doc(inline)]
pub use wsstream_net::prelude::*;
#[doc(no_inline)]
pub use wsstream_net::reexports::*;

/// A byte stream over WebSocket over `S`.
///
/// Reading gives 0 octets at the peer's Close 1000 or without a code. Any other end is an error, with a
/// [`StreamError`] inside: `ConnectionAborted` for another code, `UnexpectedEof`
/// if the socket ends without a Close, or the peer closes inside a message, `InvalidData` if the peer
/// breaks the protocol, `TimedOut`.
///
/// [`shutdown`](AsyncStream::shutdown) sends what is queued and Close 1000; reading goes on until the peer's.
/// That is what futures-io calls to close a writer, `AsyncWriteExt::close` in generic code. Only this
/// type's own [`finish`](AsyncStream::finish) tells that everything arrived. Dropping the stream
/// is no good end: it says Close 1001, or 1000 with [`ConnectionConfig::close_on_drop`]. What was written still
/// arrives, as with TCP: a task delivers it, unless the runtime ends before, or the peer takes nothing for
/// [`progress_timeout`](ConnectionConfig::progress_timeout).
///
/// Where the peer did not agree to half close, it ends both directions when it receives a Close, and may cut
/// off its reply: the end of reading behind our own first Close does not prove that the reply is whole.
///
/// A write leaves without a flush while the socket has room. What it had no room for leaves when either half
/// is polled next: flush before waiting for something else.
///
/// It dereferences to [`pump::Stream`], so it has that type's methods, `info` and `peer_addr` for example.
///
/// ```
/// use async_std::io::{ReadExt, WriteExt};
/// use wsstream_async_std::WsStream;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream: WsStream = wsstream_async_std::connect("ws://localhost:9000").await?;
/// stream.write_all(b"hello").await?;
/// let mut reply = [0; 5];
/// stream.read_exact(&mut reply).await?;
/// println!("subprotocol: {:?}", stream.info().agreed.subprotocol());
/// stream.finish().await?;
/// # Ok(())
/// # }
/// ```
pub type WsStream<S = NetSocket> = AsyncStream<pump::Stream<S, AsyncIoClock>>;

/// Whole messages over WebSocket over `S`, for protocols that are made of messages: `recv`, `send`, `ping` and `close`.
/// [`wsstream_core::pump::WebSocket`] documents its methods.
///
/// It is a `Stream` and a `Sink` of the crate `futures`, too, and can be split. A message that is received has at most 1 MiB,
/// and a minute: [`ConnectionConfig::max_message`] and [`ConnectionConfig::message_timeout`]. Pings are answered, and
/// sent, without your doing.
///
/// ```no_run
/// use futures_util::{SinkExt, StreamExt};
/// use wsstream_async_std::{ClientConfig, ClientEndpoint};
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
/// use wsstream_async_std::{ClientConfig, ClientEndpoint, Message};
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
pub type WebSocket<S = NetSocket> = pump::WebSocket<S, AsyncIoClock>;

/// A TCP connection, a Unix socket, or TLS or WebSocket over another `NetSocket`: `peer_addr`, `local_addr`, `tcp`, `tls`,
/// `websocket`, `below` and so on. [`wsstream_net::NetSocket`] documents its methods.
///
/// ```
/// use wsstream_async_std::NetStream;
///
/// fn describe(stream: &NetStream) -> std::io::Result<String> {
///     // Through every layer.
///     let over = if stream.is_tls() { "TLS" } else { "no TLS" };
///     Ok(format!("{} over {over}", stream.peer_addr()?))
/// }
/// ```
pub type NetSocket = wsstream_net::NetSocket<AsyncStd>;

/// What endpoints and listeners give: a [`NetSocket`] as futures-io's `AsyncRead + AsyncWrite`. It dereferences to the
/// `NetSocket`, so it has [its methods](wsstream_net::NetSocket).
///
/// `NetStream::from_tcp` makes one of async-std's `TcpStream`, and `from_unix` one of its `UnixStream`. When it is closed, the peer reads an end. Closing
/// async-std's own socket does nothing of the kind, nor does closing async-io's `Async`: make a `NetStream` of a socket
/// that you [accept](accept_with()) or [connect](connect_on()) on, or [relay](relay()) to. smol's `TcpStream` can stay as
/// it is.
///
/// ```
/// use async_std::io::WriteExt;
/// use wsstream_async_std::ClientEndpoint;
///
/// # async fn example(descriptor: &str) -> Result<(), Box<dyn std::error::Error>> {
/// // async_std::net::TcpStream, TLS or WebSocket: the program does not care.
/// let endpoint: ClientEndpoint = descriptor.parse()?;
/// let mut stream = endpoint.connect().await?;
/// println!("connected to {}", stream.peer_addr()?);
/// stream.write_all(b"hello").await?;
/// stream.finish().await?;
/// # Ok(())
/// # }
/// ```
pub type NetStream = AsyncStream<NetSocket>;

/// Where to connect, and how. Make it with `ClientEndpoint::url(url, config)`, or parse it from an endpoint descriptor;
/// add options such as `proxy`, `unix`, `tls` or `bind_address`; then call `connect` for a [`NetStream`], or `open` for
/// an [`Upgraded`]. [`wsstream_net::ClientEndpoint`] documents its methods.
///
/// ```
/// use wsstream_async_std::{ClientConfig, ClientEndpoint, Proxy};
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
pub type ClientEndpoint = wsstream_net::ClientEndpoint<AsyncStd>;

/// Where to listen, and how. Parse it from an endpoint descriptor; then call `listen` for a [`Listener`].
/// [`wsstream_net::ServerEndpoint`] documents its methods.
///
/// ```
/// use wsstream_async_std::ServerEndpoint;
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
pub type ServerEndpoint = wsstream_net::ServerEndpoint<AsyncStd>;

/// Listens on TCP and Unix sockets, and reads requests concurrently: make it with `bind`, `bind_unix` or `from_std`,
/// then call `accept`, and `shutdown` in the end. [`wsstream_net::Listener`] documents its methods.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_async_std::{Listener, ServerConfig};
///
/// # async fn serve() -> std::io::Result<()> {
/// let listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
/// let mut listener = listener.max_connections(10_000);
/// for _ in 0..1_000_000 {
///     let Some(incoming) = listener.accept().await else { break };
///     async_std::task::spawn(async move { incoming.accept().await?.finish().await });
/// }
/// listener.shutdown(Duration::from_secs(20)).await;
/// # Ok(())
/// # }
/// ```
pub type Listener = wsstream_net::Listener<AsyncStd>;

/// A connection from a [`Listener`] that waits to be accepted or refused: look at `request` and `peer_addr`, then call
/// `accept` for a [`NetStream`], `upgrade` for an [`Upgraded`], or `refuse`. [`wsstream_net::Incoming`] documents its
/// methods.
///
/// ```
/// use wsstream_async_std::{Incoming, NetStream, Refusal};
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
pub type Incoming = wsstream_net::Incoming<AsyncStd>;

/// A request on a stream of yours that waits for the answer: `request`, `check`, `accept` and `refuse`.
/// [`wsstream_net::Handshake`] documents its methods.
///
/// ```
/// use wsstream_async_std::{Refusal, ServerConfig, accept_with};
///
/// # async fn example(tcp: async_std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let handshake = accept_with(tcp, &ServerConfig::stream()).await?;
/// if handshake.request().path() != "/tunnel" {
///     handshake.refuse(&Refusal::new(404)).await?;
///     return Ok(());
/// }
/// let stream = handshake.accept().await?.into_stream();
/// # Ok(())
/// # }
/// ```
pub type Handshake<S = NetSocket> = wsstream_net::Handshake<S, AsyncStd>;

/// A connection right after its opening handshake: `agreed`, `request` and `response` tell what was said, and
/// `into_stream` or `into_websocket` begins to use it. [`wsstream_net::Upgraded`] documents its methods.
///
/// ```
/// use wsstream_async_std::{ClientConfig, ClientEndpoint};
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
pub type Upgraded<S = NetSocket> = wsstream_net::Upgraded<S, AsyncStd>;

/// Counts connections that no [`Listener`] has accepted, and ends them gracefully: `tracked` of an [`Upgraded`] and
/// `shutdown`. [`wsstream_net::Tracker`] documents its methods.
///
/// ```no_run
/// use std::time::Duration;
/// use wsstream_async_std::{Handshake, Io, Tracker};
///
/// # async fn serve<S>(tracker: Tracker, handshake: Handshake<Io<S>>) -> Result<(), Box<dyn std::error::Error>>
/// # where Io<S>: wsstream_core::pump::Socket + Send + 'static {
/// let stream = handshake.accept().await?.tracked(&tracker).into_stream();
/// // When the server is to end:
/// let left = tracker.shutdown(Duration::from_secs(20)).await;
/// # Ok(())
/// # }
/// ```
pub type Tracker = wsstream_net::Tracker<AsyncStd>;

/// A blocking reader and a blocking writer as a socket, such as standard input and output. Make an [`AsyncStream`] of
/// it to [`relay()`]: see [`wsstream_net::BlockingSocket`].
///
/// ```
/// use std::io::{stdin, stdout};
/// use wsstream_async_std::{AsyncStream, BlockingSocket, relay};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = wsstream_async_std::connect("ws://localhost:9000").await?;
/// let mut local = AsyncStream::from(BlockingSocket::new(stdin(), stdout()));
/// relay(&mut local, &mut stream).await.into_result()?;
/// # Ok(())
/// # }
/// ```
pub type BlockingSocket = wsstream_net::BlockingSocket<AsyncStd>;

/// Opens a byte stream to a `ws://` or `wss://` URL, as [`ClientConfig::stream`] says. For options, see
/// [`ClientEndpoint`].
///
/// # Errors
///
/// As [`ClientEndpoint::open`](wsstream_net::ClientEndpoint::open), and `InvalidInput` for what is no such URL.
///
/// ```
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let stream = wsstream_async_std::connect("ws://localhost:9000").await?;
/// # Ok(())
/// # }
/// ```
pub async fn connect(url: &str) -> Result<WsStream, Error> {
    wsstream_net::connect::<AsyncStd>(url).await
}

/// Asks for a WebSocket over a stream to the URL's host that you have connected: over TLS of your own
/// for `wss`, which you say with [`ClientConfig::assume_secure`], through a proxy of another kind, over smol's sockets.
///
/// # Errors
///
/// As [`wsstream_net::connect_over`].
///
/// ```
/// use wsstream_async_std::{ClientConfig, connect_on};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let tcp = async_std::net::TcpStream::connect("localhost:9000").await?;
/// let upgraded = connect_on(tcp, "ws://localhost:9000/", &ClientConfig::stream()).await?;
/// let stream = upgraded.into_stream();
/// # Ok(())
/// # }
/// ```
pub async fn connect_on<S: Read + Write + Unpin + Send + 'static>(
    io: S,
    url: &str,
    config: &ClientConfig,
) -> Result<Upgraded<Io<S>>, Error> {
    wsstream_net::connect_over(Io::new(io), url, config).await
}

/// Accepts a byte stream, as [`ServerConfig::stream`] says.
///
/// Each call has a [`CompressionBudget`] of its own. Where many strangers connect, use [`accept_with`] and one
/// [`ServerConfig`], or a [`Listener`]: then they share one.
///
/// # Errors
///
/// As [`accept_with`] and [`Handshake::accept`](wsstream_net::Handshake::accept).
///
/// ```
/// # async fn example(tcp: async_std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let mut stream = wsstream_async_std::accept(tcp).await?;
/// # Ok(())
/// # }
/// ```
pub async fn accept<S: Read + Write + Unpin + Send + 'static>(
    io: S,
) -> Result<WsStream<Io<S>>, Error> {
    wsstream_net::accept::<_, AsyncStd>(Io::new(io)).await
}

/// Waits for the request of the client that has connected `io`.
///
/// # Errors
///
/// As [`wsstream_net::accept_with`].
///
/// ```
/// use wsstream_async_std::{ServerConfig, accept_with};
///
/// # async fn example(tcp: async_std::net::TcpStream) -> Result<(), Box<dyn std::error::Error>> {
/// let handshake = accept_with(tcp, &ServerConfig::stream().path("/tunnel")).await?;
/// println!("{}", handshake.request().path());
/// let stream = handshake.accept().await?.into_stream();
/// # Ok(())
/// # }
/// ```
pub async fn accept_with<S: Read + Write + Unpin>(
    io: S,
    config: &ServerConfig,
) -> Result<Handshake<Io<S>>, Error> {
    wsstream_net::accept_with(Io::new(io), config).await
}

/// Carries octets between two streams until both have ended or one fails: see [`wsstream_net::relay()`]. Each is a
/// stream of this crate; of anything else that is read and written, make an `AsyncStream::from(Io::new(io))`.
///
/// ```no_run
/// use async_std::net::TcpStream;
/// use wsstream_async_std::{Incoming, NetStream, relay};
///
/// # async fn serve(incoming: Incoming) -> std::io::Result<()> {
/// let mut target = NetStream::from_tcp(TcpStream::connect("localhost:5432").await?);
/// let mut stream = incoming.accept().await?;
/// let (up, down) = relay(&mut stream, &mut target).await.into_result()?;
/// println!("{up} octets up, {down} down");
/// # Ok(())
/// # }
/// ```
pub async fn relay(a: &mut AsyncStream<impl Socket>, b: &mut AsyncStream<impl Socket>) -> Relayed {
    wsstream_net::relay::<AsyncStd>(&mut **a, &mut **b).await
}

/// The same, with more or less patience than 60 seconds for the reply of a peer that did not agree to half close.
///
/// ```
/// use std::time::Duration;
/// use wsstream_async_std::{NetStream, Relayed, relay_with};
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
    wsstream_net::relay_with::<AsyncStd>(&mut **a, &mut **b, patience).await
}
