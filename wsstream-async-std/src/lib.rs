//! WebSocket as a byte stream on async-std and smol.
//!
//! A [`WsStream`] is futures-io's `AsyncRead + AsyncWrite`: whatever speaks over a `TcpStream` speaks over
//! it, unchanged. All a client needs is the URL:
//!
//! ```no_run
//! use async_std::io::{ReadExt, WriteExt};
//!
//! # fn main() -> std::io::Result<()> {
//! # async_std::task::block_on(async {
//! let mut stream = wsstream_async_std::connect("ws://localhost:9000").await?;
//! stream.write_all(b"hello").await?;
//! stream.shutdown().await?;
//! let mut reply = Vec::new();
//! stream.read_to_end(&mut reply).await?;
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! A server has a [`Listener`], and sees the request before it decides:
//!
//! ```no_run
//! use async_std::io::WriteExt;
//! use wsstream_async_std::{Listener, Refusal, ServerConfig};
//!
//! # fn main() -> std::io::Result<()> {
//! # async_std::task::block_on(async {
//! let mut listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
//! while let Some(incoming) = listener.accept().await {
//!     async_std::task::spawn(async move {
//!         let query = incoming.request().and_then(|request| request.query());
//!         if query == Some("let-me-out") {
//!             return incoming.refuse(&Refusal::new(403)).await;
//!         }
//!         let mut stream = incoming.accept().await?;
//!         stream.write_all(b"hello").await?;
//!         stream.finish().await
//!     });
//! }
//! # Ok(())
//! # })
//! # }
//! ```
//!
//! [`ClientConfig`], [`ServerConfig`] and [`ConnectionConfig`] say what a client asks for, what a server speaks, and how
//! connections behave. A [`ClientEndpoint`] adds how to connect: through a proxy, over a Unix socket, from an address,
//! with a TLS configuration of yours. A [`WebSocket`] carries whole messages.
//!
//! ```no_run
//! use std::time::Duration;
//! use wsstream_async_std::{ClientConfig, ClientEndpoint, ConnectionConfig, Keepalive};
//!
//! # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
//! let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(60))?;
//! let connection = ConnectionConfig::new().keepalive(keepalive).debug(true);
//! let config = ClientConfig::stream().header("Cookie", "session=1")?.config(connection);
//! let endpoint = ClientEndpoint::url("ws://localhost:9000/tunnel", config)?.unix("/run/tunnel");
//! let upgraded = endpoint.open().await?;
//! println!("{:?}", upgraded.agreed().subprotocol());
//! let stream = upgraded.into_stream();
//! # Ok(())
//! # }
//! ```
//!
//! Inside an HTTP server that exists already, [`ServerConfig::negotiate_upgrade`] decides on header fields,
//! and [`Upgraded::new`] takes the connection. Names, options, defaults and errors are those of `wsstream-tokio`.
//!
//! # Runtimes
//!
//! async-std is no longer developed; its authors point to smol, which it is built on. So nothing here
//! needs more of async-std than its sockets: [`connect_on`] and [`accept_with`] take any stream of
//! futures-io, smol's sockets too, and timers are async-io's, which run under either and under any other
//! executor. [`connect()`] and [`Listener`] dial and listen with async-std's sockets, which work in a
//! program of smol's as well; a listener does handshakes in tasks of async-std's, which it starts by
//! itself.
//!
//! ```no_run
//! use futures_util::io::AsyncWriteExt;
//! use wsstream_async_std::{ClientConfig, connect_on};
//!
//! # fn main() -> std::io::Result<()> {
//! smol::block_on(async {
//!     let tcp = smol::net::TcpStream::connect("localhost:9000").await?;
//!     let upgraded = connect_on(tcp, "ws://localhost:9000", &ClientConfig::stream()).await?;
//!     let mut stream = upgraded.into_stream();
//!     stream.write_all(b"hello").await?;
//!     stream.finish().await
//! })
//! # }
//! ```
//!
//! # Endpoint descriptors
//!
//! A program that takes a descriptor runs over TCP, TLS, Unix sockets or WebSocket without knowing it. The grammar is
//! that of [`wsstream_net::descriptor`]. Parsing fails for the types `stdio`, `systemd`, `haproxy` and `exec`, with an
//! [`UnsupportedEndpoint`]: they belong to the forwarder command.
//!
//! ```no_run
//! use async_std::io::WriteExt;
//! use wsstream_async_std::ClientEndpoint;
//!
//! # async fn connect(descriptor: &str) -> std::io::Result<()> {
//! // For example r"autobahn:tcp\:localhost\:9000:url=ws\://localhost\:9000", or "tcp:localhost:9000".
//! let mut stream = descriptor.parse::<ClientEndpoint>()?.connect().await?;
//! stream.write_all(b"hello").await?;
//! stream.finish().await
//! # }
//! ```
//!
//! # Ending a stream
//!
//! `shutdown` ends one direction, and `finish` both: only `finish` tells that everything has arrived. A dropped WebSocket
//! tells its peer that more may have been to come; a dropped TCP connection just ends. If you forward data and its
//! source fails, close a WebSocket with a code that says so, and set
//! [`abort_on_drop`](wsstream_net::NetSocket::abort_on_drop) on anything else. [`relay()`] does both.
//!
//! ```no_run
//! use wsstream_async_std::{CloseCode, NetStream};
//!
//! # async fn fail(stream: &mut NetStream) -> std::io::Result<()> {
//! if let Some(websocket) = stream.websocket_mut() {
//!     websocket.close_with(CloseCode::INTERNAL, "the source has failed").await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # TLS
//!
//! With the feature `rustls`, `wss://` URLs are dialled with TLS, verified against the certificates that
//! the operating system trusts, or those of a [`ClientTls`]; a listener does TLS with a [`ServerTls`]. Both
//! are made of PEM, or of a configuration of rustls' own. There is no switch to trust everybody.
//!
//! # Errors
//!
//! What connects, listens and accepts gives an [`Error`]: it names the URL, tells the [`Cause`] as a type, and whether to
//! [try again](Error::is_transient). Reads and writes give an `io::Error`, as the traits have it; `?` makes an `Error` of it,
//! so that one type does for a whole program.
//!
//! ```
//! use wsstream_async_std::{Cause, Error, HandshakeError, StreamError};
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
//! `ConnectionAborted` with a [`StreamError`] inside. A write leaves without a flush. Memory is bounded both ways. Every
//! future but [`relay()`]'s can be dropped without loss, and the halves of [`into_split`](AsyncStream::into_split) may live in
//! different tasks.
//!
//! Nothing runs in the background but the delivery of dropped streams: pings are answered, and timers kept, while
//! a stream is read, written or [driven](pump::Stream::poll_drive). [`relay()`] does that for both its ends; two loops that copy, one for
//! each direction, stop polling a stream that has given its end, so that its delayed Close and its timers
//! stop too.
//!
//! Who is trusted with what, and which settings bound a stranger, is in [`wsstream_net::security`].
//!
//! # The crates below
//!
//! The protocol is in [`wsstream_core`], and everything that is the same on all runtimes in [`wsstream_net`]: most types
//! here are aliases of its types, with the runtime [`AsyncStd`]. With the feature `test-kit` there are connections in
//! memory, faults and a clock that jumps, for tests without a network: see `test_kit`.

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
pub type WebSocket<S = NetSocket> = pump::WebSocket<S, AsyncIoClock>;

/// A TCP connection, a Unix socket, or TLS or WebSocket over another `NetSocket`: `peer_addr`, `local_addr`, `tcp`, `tls`,
/// `websocket`, `below` and so on. [`wsstream_net::NetSocket`] documents its methods.
pub type NetSocket = wsstream_net::NetSocket<AsyncStd>;

/// What endpoints and listeners give: a [`NetSocket`] as futures-io's `AsyncRead + AsyncWrite`. It dereferences to the
/// `NetSocket`, so it has [its methods](wsstream_net::NetSocket).
///
/// `NetStream::from_tcp` makes one of async-std's `TcpStream`, and `from_unix` one of its `UnixStream`. When it is closed, the peer reads an end. Closing
/// async-std's own socket does nothing of the kind, nor does closing async-io's `Async`: make a `NetStream` of a socket
/// that you [accept](accept_with()) or [connect](connect_on()) on, or [relay](relay()) to. smol's `TcpStream` can stay as
/// it is.
pub type NetStream = AsyncStream<NetSocket>;

/// Where to connect, and how. Make it with `ClientEndpoint::url(url, config)`, or parse it from an endpoint descriptor;
/// add options such as `proxy`, `unix`, `tls` or `bind_address`; then call `connect` for a [`NetStream`], or `open` for
/// an [`Upgraded`]. [`wsstream_net::ClientEndpoint`] documents its methods.
pub type ClientEndpoint = wsstream_net::ClientEndpoint<AsyncStd>;

/// Where to listen, and how. Parse it from an endpoint descriptor; then call `listen` for a [`Listener`].
/// [`wsstream_net::ServerEndpoint`] documents its methods.
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
pub type Incoming = wsstream_net::Incoming<AsyncStd>;

/// A request on a stream of yours that waits for the answer: `request`, `check`, `accept` and `refuse`.
/// [`wsstream_net::Handshake`] documents its methods.
pub type Handshake<S = NetSocket> = wsstream_net::Handshake<S, AsyncStd>;

/// A connection right after its opening handshake: `agreed`, `request` and `response` tell what was said, and
/// `into_stream` or `into_websocket` begins to use it. [`wsstream_net::Upgraded`] documents its methods.
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
pub type BlockingSocket = wsstream_net::BlockingSocket<AsyncStd>;

/// Opens a byte stream to a `ws://` or `wss://` URL, as [`ClientConfig::stream`] says. For options, see
/// [`ClientEndpoint`].
///
/// # Errors
///
/// As [`ClientEndpoint::open`](wsstream_net::ClientEndpoint::open), and `InvalidInput` for what is no such URL.
pub async fn connect(url: &str) -> Result<WsStream, Error> {
    wsstream_net::connect::<AsyncStd>(url).await
}

/// Asks for a WebSocket over a stream to the URL's host that you have connected: over TLS of your own
/// for `wss`, which you say with [`ClientConfig::assume_secure`], through a proxy of another kind, over smol's sockets.
///
/// # Errors
///
/// As [`wsstream_net::connect_over`].
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
pub async fn relay_with(
    a: &mut AsyncStream<impl Socket>,
    b: &mut AsyncStream<impl Socket>,
    patience: Duration,
) -> Relayed {
    wsstream_net::relay_with::<AsyncStd>(&mut **a, &mut **b, patience).await
}
