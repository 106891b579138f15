//! WebSocket as a byte stream, sans-IO.
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
mod config;
mod connection;
mod decoder;
mod error;
mod frame;
pub mod handshake;
mod mask;
mod message;
mod outbox;
#[cfg(feature = "std")]
pub mod pump;
mod seed;
mod time;
mod url;

pub use byte_stream::{ByteStream, Encoding};
pub use close::{Close, CloseCode};
pub use config::{Config, Keepalive};
pub use connection::{ClosedBy, Connection, Counters, Event, LookAhead, Role};
pub use decoder::{Chunk, Decoder, Payload};
pub use error::{Closed, ProtocolError, StreamError, Timeout};
pub use frame::{DataKind, EncodedHeader, Header, Opcode};
pub use mask::Mask;
pub use message::{Assembler, Message};
pub use outbox::Outbox;
pub use seed::Seed;
pub use time::Timestamp;
pub use url::{InvalidUrl, Url};
