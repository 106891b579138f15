//! WebSocket as a byte stream, sans-IO.
//!
//! This crate is state machines on byte buffers. It has no sockets, clocks, threads or randomness: octets from the peer
//! go in, octets for the peer come out, and the time and 32 octets of randomness are arguments. The same input always
//! gives the same output.
//!
//! A byte stream has no message borders, so it never collects a message: it hands payload on the moment it arrives, from
//! frames of any size, in constant memory.
//!
//! ```text
//!               application octets
//!                     |   ^
//!    +----------------v---+-------------------------------+
//!    | pump         the one poll loop, over a Socket      |  feature std
//!    +----------------------------------------------------+
//!    | ByteStream   binary | base64      Assembler  whole |
//!    |                                   messages, UTF-8  |
//!    +----------------------------------------------------+
//!    | Connection   fragments, control frames, closing    |
//!    |              table, keepalive, deflate             |
//!    | handshake    client, server, negotiation           |
//!    +----------------------------------------------------+
//!    | Header   Mask   Decoder   Outbox                   |
//!    | Close   Config   Seed   Timestamp   Url   errors   |
//!    +----------------+-----------------------------------+
//!                     v   ^
//!                 wire octets
//! ```
//!
//! A layer knows only those below it. You can use each alone.
//!
//! - [`Header`], [`Mask`] and [`Decoder`] take frames apart where they lie in your buffer. The decoder keeps a partial
//!   header, and nothing else.
//! - [`Connection`] keeps the rules that need memory, and one bounded [`Outbox`]. Its closing handshake is a table; the
//!   opening handshake has types of its own, in [`handshake`].
//! - [`ByteStream`] and [`Assembler`] make octets or whole messages of it. [`Connection::ending`] tells how a connection
//!   has ended.
//! - `pump` drives all this over any runtime's sockets.
//!
//! This is a whole stream, driven by hand:
//!
//! ```
//! use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
//! use wsstream_core::{Seed, Url};
//!
//! // The opening handshake.
//! let seed = Seed::new([7; 32]);
//! let mut connecting = ClientConfig::stream().connect(&Url::parse("ws://localhost/")?, &seed);
//! let server = ServerConfig::stream();
//! let request = Acceptor::new(&server).receive(&mut connecting.request())?.unwrap();
//! let accepted = request.accept(&server)?;
//! let connected = connecting.receive(&mut &accepted.response[..])?.unwrap();
//!
//! // The client writes.
//! let (mut client, mut stream) = connected.negotiated.open();
//! stream.write(&mut client, b"hello")?;
//! let mut wire = client.outbox().octets().to_vec();
//!
//! // The server reads.
//! let (mut server, mut stream) = accepted.negotiated.open();
//! let mut out = [0; 16];
//! let count = stream.read(&mut server, &mut &mut wire[..], &mut out);
//! assert_eq!(&out[..count], b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Features:
//!
//! - `futures` makes `pump::WebSocket` a `Stream` and a `Sink` of messages, as the crate `futures` has them.
//! - `http` adds opening handshakes of requests and responses of the `http` crate.
//! - `std`, on by default, adds `pump` and conversions into `std::io::Error`. Without it the crate needs `alloc` only.
//! - `tracing` adds frame-level logs for connections that are set to [`debug`](ConnectionConfig::debug).
//! - `zlib-rs` compresses with zlib-rs instead of miniz_oxide.
//! - `test-kit` adds `test_kit`: connections and sockets in memory, for tests of what runs over them.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(
    clippy::alloc_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod byte_stream;
mod close;
mod close_code;
mod config;
mod connection;
mod data_kind;
mod decoder;
mod deflate;
mod error;
mod frame;
pub mod handshake;
mod log_span;
mod mask;
mod message;
mod octets;
mod outbox;
mod protocol_error;
#[cfg(feature = "std")]
pub mod pump;
mod role;
mod seed;
#[cfg(any(test, feature = "test-kit"))]
pub mod test_kit;
mod time;
mod url;
mod work;

#[doc(no_inline)]
pub use ::bytes;
#[cfg(feature = "http")]
#[doc(no_inline)]
pub use ::http;
#[cfg(feature = "tracing")]
#[doc(no_inline)]
pub use ::tracing;
pub use byte_stream::{ByteStream, Encoding};
pub use close::Close;
pub use close_code::CloseCode;
pub use config::{ConnectionConfig, InvalidKeepalive, Keepalive, SharedConfig};
pub use connection::{ClosedBy, Connection, Counters, Event, LookAhead, Taken};
pub use data_kind::DataKind;
pub use decoder::{Chunk, Decoder, Payload};
pub use deflate::{CompressionBudget, Deflate, PerMessageDeflate};
pub use error::{Closed, PingError, StreamError, Timeout};
pub use frame::{EncodedHeader, Header, Opcode};
pub use log_span::LogSpan;
pub use mask::Mask;
pub use message::{Assembler, Message, NotText};
pub use outbox::Outbox;
pub use protocol_error::ProtocolError;
pub use role::Role;
pub use seed::Seed;
pub use time::Timestamp;
pub use url::{InvalidUrl, Url};
