//! WebSocket as a byte stream on tokio.
//!
//! A [`WsStream`] is `AsyncRead + AsyncWrite`: whatever speaks over a `TcpStream` speaks over it, unchanged. All a client
//! needs is the URL:
//!
//! ```no_run
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), wsstream_tokio::Error> {
//! let mut stream = wsstream_tokio::connect("ws://localhost:9000").await?;
//! stream.write_all(b"hello").await?;
//! let mut reply = [0; 5];
//! stream.read_exact(&mut reply).await?;
//! // Ends both directions. Only this tells that everything has arrived.
//! stream.finish().await?;
//! # Ok(())
//! # }
//! ```
//!
//! Read the reply before you end your side: a peer that does not know half close, as browsers and most libraries, ends both
//! directions when you do. Between two wsstreams `shutdown` ends one direction, as with TCP.
//!
//! A server has a [`Listener`], and sees the request before it decides:
//!
//! ```no_run
//! use wsstream_tokio::{Listener, Refusal, ServerConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), wsstream_tokio::Error> {
//! let mut listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
//! while let Some(incoming) = listener.accept().await {
//!     tokio::spawn(async move {
//!         if incoming.request().is_some_and(|request| request.path() != "/echo") {
//!             return incoming.refuse(&Refusal::new(404)).await;
//!         }
//!         let mut stream = incoming.accept().await?;
//!         let (mut read, mut write) = tokio::io::split(&mut stream);
//!         tokio::io::copy(&mut read, &mut write).await?;
//!         stream.finish().await?;
//!         Ok::<_, wsstream_tokio::Error>(())
//!     });
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`ClientConfig`], [`ServerConfig`] and [`ConnectionConfig`] say what a client asks for, what a server speaks, and how
//! connections behave. A [`ClientEndpoint`] adds how to connect: through a proxy, over a Unix socket, from an address, with
//! TLS settings of yours.
//!
//! ```no_run
//! use std::time::Duration;
//! use wsstream_tokio::{ClientConfig, ClientEndpoint, ConnectionConfig, Keepalive};
//!
//! # async fn connect() -> Result<(), wsstream_tokio::Error> {
//! let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(60))?;
//! let config = ClientConfig::stream()
//!     .header("Cookie", "session=1")?
//!     .config(ConnectionConfig::new().auto_fragment(4096).keepalive(keepalive).debug(true));
//! let endpoint = ClientEndpoint::url("ws://localhost:9000/tunnel", config)?.proxy_from_env()?;
//! let stream = endpoint.open().await?.into_stream();
//! # Ok(())
//! # }
//! ```
//!
//! # Whole messages
//!
//! A [`WebSocket`] carries messages instead of a stream, for protocols that are made of them: it has `recv` and `send`, and
//! is a `Stream` and a `Sink` of futures.
//!
//! ```no_run
//! use wsstream_tokio::{ClientConfig, ClientEndpoint, Message};
//!
//! # async fn chat() -> Result<(), wsstream_tokio::Error> {
//! let endpoint = ClientEndpoint::url("ws://localhost:9000/chat", ClientConfig::messages())?;
//! let mut websocket = endpoint.open().await?.into_websocket();
//! websocket.send("hello").await?;
//! while let Some(message) = websocket.recv().await? {
//!     if let Message::Text(text) = message {
//!         println!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # In other servers and clients
//!
//! Any stream of tokio's can carry a WebSocket: see [`connect_on`], [`accept`](accept()) and [`accept_with`]. With the
//! feature `http`, [`ServerConfig`] decides on a request of the `http` crate, which hyper and others have. With the feature
//! `axum`, `axum::WsStreamUpgrade` is an extractor. A [`Tracker`] gives such streams the graceful shutdown that a
//! listener's have.
//!
//! # Endpoint descriptors
//!
//! A descriptor says in one string where to connect or to listen, and whether by WebSocket. A program that takes one runs
//! over TCP, TLS, Unix sockets or WebSocket without knowing it. The grammar is Twisted's, and documented in
//! [`wsstream_net::descriptor`].
//!
//! ```no_run
//! use tokio::io::AsyncWriteExt;
//! use wsstream_tokio::ClientEndpoint;
//!
//! # async fn connect(descriptor: &str) -> Result<(), wsstream_tokio::Error> {
//! // For example r"autobahn:tcp\:localhost\:9000:url=ws\://localhost\:9000", or "tcp:localhost:9000".
//! let endpoint: ClientEndpoint = descriptor.parse()?;
//! let mut stream = endpoint.connect().await?;
//! stream.write_all(b"hello").await?;
//! stream.finish().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # TLS
//!
//! With the feature `ring` or `aws-lc-rs`, `wss://` URLs are dialled with TLS, and a listener does TLS with a `ServerTls`.
//! The server's certificate is verified against those that the operating system trusts, or those of a `ClientTls`. There is
//! no switch to trust everybody. A program that installs a provider for rustls as its default needs the feature `rustls`
//! alone: that provider is used.
//!
//! # Errors
//!
//! What connects, accepts or listens fails with an [`Error`]. It says where, and [`Error::cause`] says what:
//! an HTTP status, an address that refused, a certificate. [`Error::is_transient`] tells whether a later attempt may succeed.
//! Reading and writing fail with `io::Error`, as tokio demands; `?` makes an [`Error`] of it, so that a program can have one
//! type of errors.
//!
//! # Tests without a network
//!
//! The feature `test-kit` has a pair of connected streams, and a transport that cuts, stalls, splits or fails where you say:
//! see `test_kit`.
//!
//! # Features
//!
//! | feature | by default | what it adds |
//! |---|---|---|
//! | `ring`, `aws-lc-rs` | no | TLS with rustls, and this provider of its cryptography; either needs a C compiler |
//! | `rustls` | no | TLS with the provider that the program has installed; the other two include it |
//! | `tracing` | yes | logs: refusals and faults, and every frame of connections that are set to [`debug`](ConnectionConfig::debug) |
//! | `zlib-rs` | no | compresses with zlib-rs instead of miniz_oxide, which is several times slower |
//! | `http` | no | opening handshakes of requests and responses of the `http` crate |
//! | `axum` | no | an extractor for axum |
//! | `test-kit` | no | streams and faulty transports in memory, for tests |
//!
//! # What to rely on
//!
//! - **Faithful**: octets arrive as they were written, in order, or there is an error. A stream that ends without the peer's
//!   Close, or with one inside a message, is `UnexpectedEof`, and a Close with another code than 1000 is `ConnectionAborted`
//!   with a [`StreamError`] inside.
//! - **Prompt**: payload is readable before its frame ends. A write leaves without a flush while the socket has room.
//! - **Bounded**: memory is bounded both ways. A peer that does not read makes writes wait.
//! - **Ends**: `shutdown` ends your direction, `finish` both. A stream that is only dropped tells its peer that more may
//!   have been to come, with Close 1001; what was written is still delivered.
//! - **Alive by progress**: a peer that takes nothing and says nothing for 60 seconds after a ping is given up. One that
//!   reads slowly is not.
//! - **Cancel-safe**: any future can be dropped without loss, but that of [`relay()`]. The halves of a split stream may live
//!   in different tasks: `tokio::io::split`, or `into_split` for halves that tell of their stream and can be reunited.
//! - **Safe among strangers**: [`wsstream_net::security`] says what a stranger may cost, and who is trusted with what.
//!
//! # What is not in scope
//!
//! - Reconnecting. A stream that broke has lost what was on the way, and only the protocol above knows what that was. The
//!   example `forward` opens a new one for each client, and backs off.
//! - Background tasks. Nothing runs but the delivery of dropped streams: pings are answered, and timers kept, while a
//!   stream is read, written or [driven](wsstream_core::pump::Stream::poll_drive). [`relay()`] does that for both its ends.
//!   `tokio::io::copy_bidirectional` stops polling a stream that has given its end, so that its delayed Close and its timers
//!   stop too.
//! - HTTP/2 of its own. With hyper or axum, a WebSocket goes over HTTP/2.
//!
//! # Coming from another library
//!
//! From **tokio-tungstenite**:
//!
//! | there | here |
//! |---|---|
//! | `connect_async(url)` | [`connect`](connect()) for octets; `ClientEndpoint::url(url, ClientConfig::messages())?.open()`, then `into_websocket`, for messages |
//! | `client_async(request, stream)` | [`connect_on`] |
//! | `accept_async(stream)` | [`accept`](accept()) for octets; [`accept_with`] a [`ServerConfig::messages`] for messages |
//! | `accept_hdr_async(stream, callback)` | [`accept_with`], look at `request`, then `accept` or `refuse` |
//! | `websocket.split()`, `next`, `send` | the same, of [`WebSocket`]; or `recv` and `send` |
//! | `Message::Ping`, `Message::Pong` | pings are answered, and sent by [`Keepalive`] |
//! | `Message::Close` | `close` or `close_with`; `None` or an error from `recv` |
//! | `WebSocketConfig::max_message_size` | [`ConnectionConfig::max_message`] |
//! | `MaybeTlsStream`, features for TLS | [`NetSocket`], whatever is underneath; features `ring` and `aws-lc-rs` |
//!
//! From **ws_stream_tungstenite**:
//!
//! | there | here |
//! |---|---|
//! | `WsStream::new(websocket)` | `into_stream` of an [`Upgraded`], or [`connect`](connect()) |
//! | text messages are an error | the same; Base64 in text is read where it was agreed |
//! | the stream ends although the peer was cut off | `UnexpectedEof` |
//!
//! From **fastwebsockets**:
//!
//! | there | here |
//! |---|---|
//! | `upgrade::upgrade(&mut request)` | `ServerConfig::upgrade`, feature `http` |
//! | `handshake::client(executor, request, socket)` | [`connect_on`], without a hyper of its own |
//! | `FragmentCollector`, `read_frame`, `write_frame` | a stream is read and written; [`WebSocket`] for messages |
//! | `set_auto_close`, `set_auto_pong` | always |
//! | `set_writev`, `set_max_message_size` | as suits the socket; [`ConnectionConfig::max_message`] |
//!
//! From **axum's ws**:
//!
//! | there | here |
//! |---|---|
//! | `WebSocketUpgrade` | `axum::WsStreamUpgrade`, feature `axum` |
//! | `.on_upgrade(\|socket\| ..)` | the same, with a stream |
//! | `.protocols([..])`, `.max_message_size(..)` | `.config(ServerConfig)` |
//!
//! From **websockify**:
//!
//! | there | here |
//! |---|---|
//! | `websockify 6080 localhost:5900` | the example `relay`: `relay ws://0.0.0.0:6080 localhost:5900` |
//! | `--cert`, `--key` | `ServerTls::from_pem`, or a descriptor |
//! | `--token-plugin`, `--auth-plugin` | look at the request of an [`Incoming`], then [`relay()`] to where it may go |
//! | `--heartbeat`, `--idle-timeout` | [`Keepalive`], [`ConnectionConfig::idle_timeout`] |
//!
//! # The runtime
//!
//! It needs timers and I/O: `enable_all` of tokio's `Builder`, or `enable_time` and `enable_io`. What gives a connection or a
//! listener is `Unsupported` on a runtime without timers. tokio can only be asked by making a timer, and that panics: the
//! panic is caught, but the program's panic hook has told of it, and a program that is built with `panic = "abort"` ends
//! there. Without I/O tokio's own sockets panic.
//!
//! The protocol is in [`wsstream_core`], and the network stack in [`wsstream_net`]. This crate adds tokio's sockets, timers
//! and tasks.
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
///     let over = if stream.tls().is_some() { "TLS" } else { "no TLS" };
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
