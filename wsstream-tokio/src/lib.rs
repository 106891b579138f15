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
//! A server accepts on any stream, or with a [`Listener`], and sees the request before it decides:
//!
//! ```no_run
//! use wsstream_tokio::{Listener, Refusal, ServerConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let mut listener = Listener::bind("localhost:9000", ServerConfig::stream()).await?;
//! loop {
//!     let incoming = listener.accept().await?;
//!     tokio::spawn(async move {
//!         if incoming.request().query() == Some("let-me-out") {
//!             return incoming.refuse(&Refusal::new(403)).await;
//!         }
//!         let mut stream = incoming.accept().await?.into_stream();
//!         let (mut read, mut write) = tokio::io::split(&mut stream);
//!         tokio::io::copy(&mut read, &mut write).await?;
//!         stream.close().await
//!     });
//! }
//! # }
//! ```
//!
//! What a client asks for, what a server speaks, and how connections behave is said with [`ClientConfig`],
//! [`ServerConfig`] and [`ConnectionConfig`]. Whole messages go through a [`WebSocket`].
//!
//! Inside an HTTP server that exists already, [`ServerConfig::negotiate_upgrade`] decides on header fields,
//! and [`Opened::from_upgraded`] takes the connection: the example `axum_server` does so for HTTP/1.1 and
//! HTTP/2. Under other libraries, a [`WsStream`] is a stream like any: see `hyper_client` and
//! `postgres_client`.
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
//! [`relay()`]'s can be dropped without loss, and the halves of `tokio::io::split` may live in different tasks.
//!
//! Nothing runs in the background: pings are answered, and timers kept, while a stream is read, written
//! or [driven](WsStream::poll_drive). [`relay()`] does that for both its ends;
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
//! The protocol is in [`wsstream_core`]; this crate adds sockets and timers.

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
mod timer;
#[cfg(feature = "rustls")]
mod tls;
mod transport;

pub use accept::{Incoming, accept, accept_with};
#[cfg(feature = "rustls")]
pub use connect::connect_with_tls;
pub use connect::{connect, connect_on, connect_with};
pub use listener::Listener;
pub use net::NetStream;
pub use opened::Opened;
pub use relay::{relay, relay_with};
pub use socket::WebSocket;
pub use stream::WsStream;
#[cfg(feature = "rustls")]
pub use tokio_rustls::rustls;
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
