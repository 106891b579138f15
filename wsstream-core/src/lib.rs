//! WebSocket as a byte stream, sans-IO.
//!
//! State machines on byte buffers: no socket, clock, thread or source of randomness is in here. Octets
//! from the peer go in, octets for the peer come out, the time and 32 octets of randomness are
//! arguments. The same input gives the same output, always.
//!
//! A byte stream has no message borders. So nothing here ever collects a message to make a stream of
//! it: payload is handed on the moment it arrives, from frames of any size, in constant memory.
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
//!    | endpoint     descriptors, text only                |
//!    +----------------+-----------------------------------+
//!                     v   ^
//!                 wire octets
//! ```
//!
//! A layer knows only those below it, and can be used alone.
//!
//! - [`Header`], [`Mask`] and [`Decoder`] take frames apart where they lie in the caller's buffer. The
//!   decoder keeps a partial header, and nothing else.
//! - [`Connection`] keeps the rules that need memory, and one [`Outbox`], which is bounded. The closing
//!   handshake is a table; the opening one, in [`handshake`], is of types of its own.
//! - [`ByteStream`] and [`Assembler`] are what applications want. How a connection has ended is said in
//!   one place, [`Connection::ending`].
//! - `pump` drives all this over any runtime's sockets: wakers, timers and the order of flushes are
//!   written once.
//!
//! A whole stream, by hand:
//!
//! ```
//! use wsstream_core::handshake::{Acceptor, ClientConfig, ServerConfig};
//! use wsstream_core::{ByteStream, ConnectionConfig, Connection, Encoding, Seed, Url};
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
//! let mut client = Connection::client(ConnectionConfig::new(), &seed);
//! let mut stream = ByteStream::new(Encoding::of(connected.agreed.subprotocol()));
//! stream.write(&mut client, b"hello")?;
//! let mut wire = client.outbox().octets().to_vec();
//!
//! // The server reads.
//! let mut server = Connection::server(ConnectionConfig::new());
//! let mut stream = ByteStream::new(Encoding::of(accepted.agreed.subprotocol()));
//! let mut out = [0; 16];
//! let count = stream.read(&mut server, &mut &mut wire[..], &mut out);
//! assert_eq!(&out[..count], b"hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Features: `std` (default) adds `pump` and conversions into `std::io::Error`; `tracing` adds
//! frame-level logs for connections that are set to [`debug`](ConnectionConfig::debug); `zlib-rs` compresses with
//! that instead of miniz_oxide; `test-kit` adds `test_kit`, connections and transports in memory for tests
//! of what runs over them. Without `std` the crate needs `alloc` only.
#![no_std]
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

pub use byte_stream::{ByteStream, Encoding};
pub use close::Close;
pub use close_code::CloseCode;
pub use config::{ConnectionConfig, InvalidKeepalive, Keepalive};
pub use connection::{ClosedBy, Connection, Counters, Event, LookAhead, Taken};
pub use data_kind::DataKind;
pub use decoder::{Chunk, Decoder, Payload};
pub use deflate::{CompressionBudget, Deflate, PerMessageDeflate};
pub use error::{Closed, StreamError, Timeout};
pub use frame::{EncodedHeader, Header, Opcode};
pub use mask::Mask;
pub use message::{Assembler, Message};
pub use outbox::Outbox;
pub use protocol_error::ProtocolError;
pub use role::Role;
pub use seed::Seed;
pub use time::Timestamp;
pub use url::{InvalidUrl, Url};
