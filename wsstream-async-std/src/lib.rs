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
//! A server accepts on any stream, or with a [`Listener`], and sees the request before it decides:
//!
//! ```no_run
//! use async_std::io::WriteExt;
//! use wsstream_async_std::{Listener, Refusal, ServerConfig};
//!
//! # fn main() -> std::io::Result<()> {
//! # async_std::task::block_on(async {
//! let mut listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
//! loop {
//!     let incoming = listener.accept().await?;
//!     async_std::task::spawn(async move {
//!         if incoming.request().query() == Some("let-me-out") {
//!             return incoming.refuse(&Refusal::new(403)).await;
//!         }
//!         let mut stream = incoming.accept().await?.into_stream();
//!         stream.write_all(b"hello").await?;
//!         stream.close().await
//!     });
//! }
//! # })
//! # }
//! ```
//!
//! What a client asks for, what a server speaks, and how connections behave is said with [`ClientConfig`],
//! [`ServerConfig`] and [`ConnectionConfig`]. Whole messages go through a [`WebSocket`]. Names, options, defaults and errors
//! are those of `wsstream-tokio`.
//!
//! Inside an HTTP server that exists already, [`ServerConfig::negotiate_upgrade`] decides on header fields,
//! and [`Opened::from_upgraded`] takes the connection.
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
//!     let opened = connect_on(tcp, "ws://localhost:9000", &ClientConfig::stream()).await?;
//!     let mut stream = opened.into_stream();
//!     stream.write_all(b"hello").await?;
//!     stream.close().await
//! })
//! # }
//! ```
//!
//! futures-io cannot be asked whether a stream writes several slices at once. So the first frame of a
//! server's is tried that way, and the others too unless it turned out that only the first slice was
//! taken.
//!
//! # Endpoint descriptors
//!
//! A program that takes a descriptor runs over TCP, TLS, Unix sockets or WebSocket without knowing it: see
//! [`endpoint`].
//!
//! # TLS
//!
//! With the feature `rustls`, `wss://` URLs are dialled with TLS, verified against the certificates that
//! the operating system trusts, or those of a `ClientTls`; a listener does TLS with a `ServerTls`. Both
//! are made of PEM, or of a configuration of rustls' own. There is no switch to trust everybody.
//!
//! # What to rely on
//!
//! Octets arrive as they were written, or there is an error: a stream that ends without the peer's
//! Close, or with one inside a message, is `UnexpectedEof`, and a Close with another code than 1000 is
//! `ConnectionAborted` with a [`StreamError`] inside. A write leaves without a flush. Memory is bounded both ways. Every future but
//! [`relay()`]'s can be dropped without loss, and the halves of a split stream may live in different tasks.
//!
//! Nothing runs in the background: pings are answered, and timers kept, while a stream is read, written
//! or [driven](WsStream::poll_drive). [`relay()`] does that for both its ends; two loops that copy, one for
//! each direction, stop polling a stream that has given its end, so that its delayed Close and its timers
//! stop too.
//!
//! The protocol is in [`wsstream_core`]; this crate adds sockets and timers. With the feature `test-kit`
//! there is a clock that jumps, for tests: see `test_kit`.

mod accept;
mod connect;
pub mod endpoint;
mod listener;
mod net;
mod opened;
mod over_socket;
mod relay;
mod socket;
mod stream;
mod task;
#[cfg(feature = "test-kit")]
pub mod test_kit;
mod timer;
#[cfg(feature = "rustls")]
mod tls;
mod transport;

pub use accept::{Incoming, accept, accept_with};
#[cfg(feature = "rustls")]
pub use connect::connect_with_tls;
pub use connect::{connect, connect_on, connect_with};
#[cfg(feature = "rustls")]
pub use futures_rustls::rustls;
pub use listener::Listener;
pub use net::NetStream;
pub use opened::Opened;
pub use relay::{relay, relay_with};
pub use socket::WebSocket;
pub use stream::WsStream;
#[cfg(feature = "rustls")]
pub use wsstream_core::tls::{ClientTls, ServerTls};

pub use wsstream_core::handshake::{
    Agreed, ClientConfig, HandshakeError, Headers, InvalidField, Origins, Refusal, Request,
    Response, ServerConfig, WrongOctet, accept_key,
};
pub use wsstream_core::pump::{Relayed, Upgraded};
pub use wsstream_core::{
    Close, CloseCode, ClosedBy, CompressionBudget, Connection, ConnectionConfig, Counters,
    DataKind, Deflate, InvalidUrl, Keepalive, Message, PerMessageDeflate, ProtocolError, Role,
    Seed, StreamError, Timeout, Url,
};
