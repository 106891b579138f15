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

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

mod client;
mod deflate;
mod error;
mod extensions;
mod field;
mod head;
mod headers;
mod negotiation;
mod origin;
mod refusal;
mod request;
mod response;
mod server;
mod subprotocols;
mod syntax;
mod upgrade;

pub use self::client::{ClientConfig, Connected, Connecting, MAX_BODY};
pub use self::error::HandshakeError;
pub use self::extensions::{Extension, HALF_CLOSE};
pub use self::field::{InvalidField, WrongOctet};
pub use self::head::{MAX_FIELDS, MAX_HEAD};
pub use self::headers::Headers;
pub use self::negotiation::Agreed;
pub use self::origin::Origins;
pub use self::refusal::Refusal;
pub use self::request::{Accepted, Request};
pub use self::response::Response;
pub use self::server::{Acceptor, ServerConfig};

/// The value of `Sec-WebSocket-Accept` for a key, §4.2.2 item 5.4.
///
/// The key is used as it came, without being decoded. [`Request::accept`] and
/// [`ServerConfig::negotiate_upgrade`] do this; it is here for clients that have their own HTTP.
///
/// ```
/// // The example of §1.3.
/// let accept = wsstream_core::handshake::accept_key(b"dGhlIHNhbXBsZSBub25jZQ==");
/// assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
/// ```
#[must_use]
pub fn accept_key(key: &[u8]) -> String {
    let mut sha1 = Sha1::new();
    sha1.update(key);
    sha1.update(GUID);
    STANDARD.encode(sha1.finalize())
}

/// §1.3.
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

#[cfg(test)]
mod tests;
