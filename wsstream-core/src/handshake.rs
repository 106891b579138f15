//! The opening handshake: RFC 6455 §4, on HTTP/1.1 (RFC 9112).
//!
//! Two machines on byte buffers. A server hands what it reads to an [`Acceptor`], gets a [`Request`],
//! looks at it, and sends what [`Request::accept`] or [`Request::refuse`] gives. A client sends
//! [`Connecting::request`] and hands what it reads to [`Connecting::receive`]. What follows the
//! handshake stays in the caller's buffer.
//!
//! [`ServerConfig`] and [`ClientConfig`] hold the policy: what is spoken and who is let in, what is offered. The
//! negotiation itself, [`ServerConfig::negotiate`] and [`ClientConfig::confirm`], is on header fields alone; so is what is particular to
//! HTTP/1.1, [`ServerConfig::negotiate_upgrade`].
//!
//! Heads are limited to [`MAX_HEAD`] octets and [`MAX_FIELDS`] fields, handshakes to a total time.
//! Each octet is looked at once. Both machines give the same result however their input is cut.
//!
//! ```
//! use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
//! use wsstream_core::{Seed, Url};
//!
//! let url = Url::parse("ws://localhost:9000/").unwrap();
//! let mut connecting = ClientConfig::stream().connect(&url, &Seed::new([7; 32]));
//!
//! // What the client sends, the server receives.
//! let server = ServerConfig::stream();
//! let mut input = connecting.request();
//! let request = Acceptor::new(&server).receive(&mut input)?.unwrap();
//! let accepted = request.accept(&server)?;
//!
//! // What the server sends, the client receives.
//! let connected = connecting.receive(&mut &accepted.response[..])?.unwrap();
//! assert_eq!(connected.agreed.subprotocol(), Some("binary"));
//! # Ok::<_, wsstream_core::handshake::HandshakeError>(())
//! ```

mod acceptor;
mod body;
mod client;
mod connecting;
mod deflate;
mod error;
mod extension;
mod extensions;
mod field;
mod head;
mod headers;
mod key;
mod lookup;
mod negotiation;
mod origin;
mod refusal;
mod request;
mod response;
mod server;
mod subprotocols;
mod syntax;
mod upgrade;

pub use self::acceptor::Acceptor;
pub use self::body::MAX_BODY;
pub use self::client::ClientConfig;
pub use self::connecting::{Connected, Connecting};
pub use self::error::HandshakeError;
pub use self::extension::Extension;
pub use self::extensions::HALF_CLOSE;
pub use self::field::{InvalidField, WrongOctet};
pub use self::headers::{Headers, MAX_FIELDS, MAX_HEAD};
pub use self::key::accept_key;
pub use self::negotiation::Agreed;
pub use self::origin::Origins;
pub use self::refusal::Refusal;
pub use self::request::{Accepted, Request};
pub use self::response::Response;
pub use self::server::ServerConfig;

#[cfg(test)]
mod tests;
