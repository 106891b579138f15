//! WebSocket as a byte stream on tokio.
//!
//! A [`WsStream`] is `AsyncRead + AsyncWrite`: whatever speaks over a `TcpStream` speaks over it,
//! unchanged. All a client needs is the URL:
//!
//! ```no_run
//! use tokio::io::{AsyncReadExt, AsyncWriteExt};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mut stream = wsstream_tokio::connect("ws://localhost:9000").await?;
//! stream.write_all(b"hello").await?;
//! stream.shutdown().await?;
//! let mut reply = Vec::new();
//! stream.read_to_end(&mut reply).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server has a [`Listener`], and sees the request before it decides:
//!
//! ```no_run
//! use wsstream_tokio::{Listener, Refusal, ServerConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mut listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
//! while let Some(incoming) = listener.accept().await {
//!     tokio::spawn(async move {
//!         if incoming.request().and_then(|request| request.query()) == Some("let-me-out") {
//!             return incoming.refuse(&Refusal::new(403)).await;
//!         }
//!         let mut stream = incoming.accept().await?;
//!         let (mut read, mut write) = tokio::io::split(&mut stream);
//!         tokio::io::copy(&mut read, &mut write).await?;
//!         stream.finish().await
//!     });
//! }
//! # Ok(())
//! # }
//! ```
//!
//! [`ClientConfig`], [`ServerConfig`] and [`ConnectionConfig`] say what a client asks for, what a server speaks,
//! and how connections behave. A [`WebSocket`] carries whole messages.
//!
//! # Where to connect
//!
//! A [`ClientEndpoint`] holds the options for connecting: a proxy, a Unix socket, a source address, what TLS
//! trusts. Its [`open`](ClientEndpoint::open) gives the handshake's response too.
//!
//! ```no_run
//! use std::time::Duration;
//! use wsstream_tokio::{ClientConfig, ClientEndpoint, ConnectionConfig, Keepalive};
//!
//! # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
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
//! # Endpoint descriptors
//!
//! A descriptor says in one string where to connect or to listen, and whether by WebSocket. A program that takes
//! one runs over TCP, TLS, Unix sockets or WebSocket without knowing it. The grammar is that of
//! [`wsstream_net::descriptor`].
//!
//! ```no_run
//! use tokio::io::AsyncWriteExt;
//! use wsstream_tokio::ClientEndpoint;
//!
//! # async fn connect(descriptor: &str) -> std::io::Result<()> {
//! // For example r"autobahn:tcp\:localhost\:9000:url=ws\://localhost\:9000", or "tcp:localhost:9000".
//! let endpoint: ClientEndpoint = descriptor.parse()?;
//! let mut stream = endpoint.connect().await?;
//! stream.write_all(b"hello").await?;
//! stream.finish().await
//! # }
//! ```
//!
//! End a stream with `finish` or `shutdown`: a dropped WebSocket tells its peer that more may have been to come; a
//! dropped TCP connection just ends. If you forward data and its source fails, close a WebSocket with a code that
//! says so, and set [`abort_on_drop`](wsstream_net::NetSocket::abort_on_drop) on anything else. [`relay()`] does both.
//!
//! ```no_run
//! use wsstream_tokio::{CloseCode, NetStream};
//!
//! # async fn fail(stream: &mut NetStream) -> std::io::Result<()> {
//! if let Some(websocket) = stream.websocket_mut() {
//!     websocket.close_with(CloseCode::INTERNAL, "the source has failed").await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Parsing fails for the types `stdio`, `systemd`, `haproxy` and `exec`, with an [`UnsupportedEndpoint`]: they belong to
//! the forwarder command.
//!
//! # Other libraries
//!
//! Any stream of tokio's can carry a WebSocket: see [`connect_on`], [`accept`](accept()) and [`accept_with`]. Inside
//! an HTTP server that exists already, [`ServerConfig::negotiate_upgrade`] decides on header fields, and
//! [`Upgraded::new`] takes the connection: the example `axum_server` does so for HTTP/1.1 and HTTP/2. Under
//! other libraries, a [`WsStream`] is a stream like any: see `hyper_client` and `postgres_client`.
//!
//! # TLS
//!
//! With the feature `rustls`, `wss://` URLs are dialled with TLS. The server's certificate is verified against those
//! that the operating system trusts, or those of a `ClientTls`; a listener does TLS with a `ServerTls`. Both
//! are made of PEM, or of a configuration of rustls' own. There is no switch to trust everybody.
//!
//! # Errors
//!
//! What connects, listens and accepts gives an [`Error`]: it names the URL, tells the [`Cause`] as a type, and whether to
//! [try again](Error::is_transient). Reads and writes give an `io::Error`, as the traits have it; `?` makes an `Error` of it,
//! so that one type does for a whole program.
//!
//! ```
//! use wsstream_tokio::{Cause, Error, HandshakeError, StreamError};
//!
//! fn advise(error: &Error) -> &'static str {
//!     match error.cause() {
//!         Cause::Handshake(HandshakeError::Refused(response)) if response.status() == 401 => "log in",
//!         Cause::Stream(StreamError::Truncated) => "do not use what has arrived: it is cut short",
//!         _ if error.is_transient() => "try again later",
//!         _ => "give up",
//!     }
//! }
//! ```
//!
//! # What to rely on
//!
//! Octets arrive as they were written, or there is an error: a stream that ends without the peer's
//! Close, or with one inside a message, is `UnexpectedEof`, and a Close with another code than 1000 is
//! `ConnectionAborted` with a [`StreamError`] inside. A write leaves without a flush. Memory is bounded both ways.
//! You can drop any future without loss but that of [`relay()`], and the halves of [`into_split`](AsyncStream::into_split)
//! may live in different tasks.
//!
//! Nothing runs in the background but the delivery of dropped streams: pings are answered, and timers kept, while
//! a stream is read, written or [driven](wsstream_core::pump::Stream::poll_drive). [`relay()`] does that for both its ends;
//! `tokio::io::copy_bidirectional` stops polling a stream that has given its end, so that its delayed
//! Close and its timers stop too.
//!
//! # The runtime
//!
//! It needs timers and I/O: `enable_all` of tokio's `Builder`, or `enable_time` and `enable_io`. What gives a
//! connection or a listener is `Unsupported` on a runtime without timers. tokio can only be asked by making a
//! timer, and that panics: the panic is caught, but the program's panic hook has told of it, and a program that
//! is built with `panic = "abort"` ends there. Without I/O tokio's own sockets panic.
//!
//! # Tests without a network
//!
//! With the feature `test-kit`, `test_kit` has connections in memory, and faults at any octet. tokio's paused clock jumps
//! over every timer here.
//!
//! Who is trusted with what, and which settings bound a stranger, is in [`wsstream_net::security`].
//!
//! The protocol is in [`wsstream_core`], and the network stack in [`wsstream_net`], where everything is documented
//! whose type is an alias here. This crate adds tokio's sockets, timers and tasks.

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
pub type NetSocket = wsstream_net::NetSocket<Tokio>;

/// What endpoints and listeners give: a [`NetSocket`] as tokio's `AsyncRead + AsyncWrite`. It dereferences to the
/// `NetSocket`, so it has [its methods](wsstream_net::NetSocket), `finish` for one. `NetStream::from_tcp` makes one of a
/// `TcpStream`, and `from_unix` one of a `UnixStream`.
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
pub type WebSocket<S = NetSocket> = pump::WebSocket<S, TokioClock>;

/// A connection right after its opening handshake: `agreed`, `request` and `response` tell what was said, and
/// `into_stream` or `into_websocket` begins to use it. [`wsstream_net::Upgraded`] documents its methods.
///
/// A connection that was upgraded elsewhere is taken with `Upgraded::new(Io::new(io), ..)`.
pub type Upgraded<S = NetSocket> = wsstream_net::Upgraded<S, Tokio>;

/// A request on a stream of yours that waits for the answer: `request`, `check`, `accept` and `refuse`.
/// [`wsstream_net::Handshake`] documents its methods.
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
pub type Incoming = wsstream_net::Incoming<Tokio>;

/// Where to connect, and how. Make it with `ClientEndpoint::url(url, config)`, or parse it from an endpoint descriptor;
/// add options such as `proxy`, `unix`, `tls` or `bind_address`; then call `connect` for a [`NetStream`], or `open` for
/// an [`Upgraded`]. [`wsstream_net::ClientEndpoint`] documents its methods.
pub type ClientEndpoint = wsstream_net::ClientEndpoint<Tokio>;

/// Where to listen, and how. Parse it from an endpoint descriptor; then call `listen` for a [`Listener`].
/// [`wsstream_net::ServerEndpoint`] documents its methods.
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
pub type BlockingSocket = wsstream_net::BlockingSocket<Tokio>;

/// Opens a byte stream to a `ws://` or `wss://` URL, as [`ClientConfig::stream`] says. With options, use a
/// [`ClientEndpoint`].
///
/// # Errors
///
/// As [`wsstream_net::connect`]; `Unsupported` on a runtime without timers (`enable_time`).
pub async fn connect(url: &str) -> Result<WsStream, Error> {
    wsstream_net::connect::<Tokio>(url).await
}

/// Asks for a WebSocket over a stream to the URL's host that you have made. For a `wss` URL it has to be TLS, which you
/// say with [`ClientConfig::assume_secure`].
///
/// # Errors
///
/// As [`wsstream_net::connect_over`]; `Unsupported` on a runtime without timers (`enable_time`).
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
pub async fn relay_with(
    a: &mut AsyncStream<impl Socket>,
    b: &mut AsyncStream<impl Socket>,
    patience: Duration,
) -> Relayed {
    wsstream_net::relay_with::<Tokio>(&mut **a, &mut **b, patience).await
}
