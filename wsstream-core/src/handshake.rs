//! The opening handshake: RFC 6455 §4, on HTTP/1.1 (RFC 9112).
//!
//! The handshake is two state machines on byte buffers:
//!
//! - A server hands the octets it reads to an [`Acceptor`], gets a [`Request`], inspects it, and sends
//!   the result of [`Request::accept`] or [`Request::refuse`].
//! - A client sends [`Connecting::request`] and hands the octets it reads to [`Connecting::receive`].
//!
//! Octets that follow the handshake stay in the caller's buffer.
//!
//! [`ServerConfig`] holds the policy of a server: which subprotocols it speaks and which clients it
//! accepts. [`ClientConfig`] holds a client's offers. [`ServerConfig::negotiate`] and
//! [`ClientConfig::confirm`] negotiate on header fields alone; [`ServerConfig::negotiate_upgrade`] adds
//! the checks that are particular to HTTP/1.1.
//!
//! A head is limited to a size that is a setting and to [`MAX_FIELDS`] fields, and a handshake to a total time.
//! The machines look at each octet once, and give the same result however their input is cut.
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
//! assert_eq!(connected.negotiated.agreed().subprotocol(), Some("binary"));
//! # Ok::<_, wsstream_core::handshake::HandshakeError>(())
//! ```

mod acceptor;
mod agreed;
mod beginning;
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
mod health;
mod hosts;
#[cfg(feature = "http")]
mod http;
mod key;
mod lookup;
mod negotiated;
mod negotiation;
mod origin;
mod refusal;
mod request;
mod response;
mod response_reader;
mod server;
mod subprotocols;
mod syntax;
mod target;
mod upgrade;

pub use self::acceptor::Acceptor;
pub use self::agreed::Agreed;
pub use self::body::MAX_BODY;
pub use self::client::ClientConfig;
pub use self::connecting::{Connected, Connecting};
pub use self::error::HandshakeError;
pub use self::extension::Extension;
pub use self::extensions::HALF_CLOSE;
pub use self::field::{InvalidField, WrongOctet};
pub use self::headers::{Headers, MAX_FIELDS, MAX_HEAD};
pub use self::hosts::Hosts;
pub use self::key::accept_key;
pub use self::negotiated::Negotiated;
pub use self::origin::Origins;
pub use self::refusal::Refusal;
pub use self::request::{Accepted, Request};
pub use self::response::{Response, RetryAfter};
pub use self::response_reader::ResponseReader;
pub use self::server::ServerConfig;

#[cfg(test)]
mod tests;
