//! Endpoint descriptors: where to connect or to listen, and whether by WebSocket, in one string.
//!
//! A program that takes a descriptor runs over TCP, TLS, Unix sockets or WebSocket without knowing it. The
//! grammar is that of [`wsstream_core::endpoint`].
//!
//! ```no_run
//! use async_std::io::WriteExt;
//! use wsstream_async_std::endpoint::client_from_string;
//!
//! # async fn connect(descriptor: &str) -> std::io::Result<()> {
//! // For example r"autobahn:tcp\:localhost\:9000:url=ws\://localhost\:9000", or "tcp:localhost:9000".
//! let mut stream = client_from_string(descriptor)?.connect().await?;
//! stream.write_all(b"hello").await?;
//! stream.close().await
//! # }
//! ```
//!
//! End a stream with `close` or `shutdown`: a dropped WebSocket tells its peer that more may have been to come; a
//! dropped TCP connection just ends. If you forward data and its source fails, close a WebSocket with a code that says
//! so:
//!
//! ```no_run
//! use wsstream_async_std::CloseCode;
//! use wsstream_async_std::endpoint::EndpointStream;
//!
//! # async fn fail(stream: &mut EndpointStream) -> std::io::Result<()> {
//! if let Some(websocket) = stream.websocket_mut() {
//!     websocket.close_with(CloseCode::INTERNAL, "the source has failed").await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! `stdio`, `systemd`, `haproxy` and `exec` are read, and are `Unsupported` here, with an
//! [`UnsupportedEndpoint`] inside: they belong to the forwarder command.

mod client;
mod listener;
mod stream;

pub use client::ClientEndpoint;
pub use listener::{EndpointListener, ServerEndpoint};
pub use stream::EndpointStream;
pub use wsstream_core::endpoint::{
    EndpointAddress, EndpointError, EndpointErrorKind, UnsupportedEndpoint, quote_argument,
    quote_value,
};
pub use wsstream_core::proxy::{InvalidProxy, Proxy, ProxyError};

/// Reads a descriptor of where to connect, or a `ws` or `wss` URL.
///
/// # Errors
///
/// If it is none: where and why.
pub fn client_from_string(descriptor: &str) -> Result<ClientEndpoint, EndpointError> {
    descriptor.parse()
}

/// Reads a descriptor of where to listen, or a `ws` URL.
///
/// # Errors
///
/// If it is none: where and why.
pub fn server_from_string(descriptor: &str) -> Result<ServerEndpoint, EndpointError> {
    descriptor.parse()
}
