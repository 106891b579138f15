//! The network stack of wsstream, for any async runtime.
//!
//! This crate connects, listens, relays, shuts down gracefully, and understands TLS settings, proxies and endpoint
//! descriptors. A runtime supplies sockets, a clock, tasks and a TLS engine through the trait [`Runtime`], in some two
//! hundred lines. `wsstream-tokio` and `wsstream-async-std` implement it; applications use those. Use this crate
//! directly to support another runtime.
//!
//! ```text
//!   plan         how to connect or to listen, as data: from a URL or an endpoint descriptor
//!     |
//!   ClientEndpoint   ServerEndpoint, Listener     follow a plan
//!     |                    |
//!     |              Incoming                     a connection whose request is not answered yet
//!     |                    |
//!   NetSocket                                     TCP, a Unix socket, TLS or WebSocket over another one
//!     |
//!   Runtime                                       sockets, clock, tasks, TLS engine
//! ```
//!
//! The protocol, and the poll loop that drives it over a [`Socket`](wsstream_core::pump::Socket), are in
//! [`wsstream_core`].
//!
//! Who is trusted with what, and which settings bound a stranger: [`security`].

#![cfg_attr(docsrs, feature(doc_cfg))]

mod blocking_socket;
mod client;
mod context;
pub mod descriptor;
mod dial;
mod error;
#[cfg(feature = "futures-io")]
pub mod futures_io;
mod handshake;
mod host_port;
mod incoming;
mod layers;
mod listener;
mod log;
mod net_socket;
pub mod plan;
pub mod prelude;
pub mod proxy;
mod redirect_error;
pub mod reexports;
mod relay;
mod runtime;
pub mod security;
mod seed;
mod server;
mod shutdown;
mod split;
#[cfg(feature = "test-kit")]
pub mod test_kit;
#[cfg(test)]
mod test_support;
pub mod tls;
mod tracker;
#[cfg(unix)]
mod unix_file;
mod upgraded;

pub use blocking_socket::BlockingSocket;
pub use client::{ClientEndpoint, connect, connect_over};
pub use dial::DialError;
pub use error::{Cause, Error};
pub use handshake::{Handshake, accept, accept_with};
pub use incoming::Incoming;
pub use listener::{Listener, StdListener};
pub use net_socket::NetSocket;
pub use redirect_error::{RedirectError, RedirectErrorKind};
pub use relay::{relay, relay_with};
pub use runtime::Runtime;
pub use seed::seed;
pub use server::ServerEndpoint;
pub use split::{Half, ReadHalf, ReadSocket, ReuniteError, WriteHalf, WriteSocket, split};
pub use tracker::Tracker;
pub use upgraded::Upgraded;
