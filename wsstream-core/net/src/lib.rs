//! The network stack of wsstream, for any async runtime.
//!
//! Connecting, listening, TLS settings, proxies, endpoint descriptors, graceful shutdown and relaying are written once,
//! here. A runtime implements the trait [`Runtime`]: sockets, a clock, tasks and a TLS engine, some two hundred lines.
//! `wsstream-tokio` and `wsstream-async-std` do so; use this crate by itself to support another one.
//!
//! ```text
//!   plan         what is done to connect or to listen, as data: from a URL or an endpoint descriptor
//!     |
//!   ClientEndpoint   ServerEndpoint, Listener     follow a plan
//!     |                    |
//!     |              Incoming                     a request in hand, nothing answered yet
//!     |                    |
//!   NetSocket                                     TCP, a Unix socket, TLS or WebSocket over another one
//!     |
//!   Runtime                                       sockets, clock, tasks, TLS engine
//! ```
//!
//! The protocol, and the poll loop that drives it over a [`Socket`](wsstream_core::pump::Socket), are in
//! [`wsstream_core`].

mod client;
pub mod descriptor;
mod dial;
mod handshake;
mod host_port;
mod incoming;
mod layers;
mod listener;
mod net_socket;
mod octets;
pub mod plan;
pub mod prelude;
pub mod proxy;
mod relay;
mod runtime;
mod seed;
mod server;
#[cfg(feature = "test-kit")]
pub mod test_kit;
#[cfg(test)]
mod test_support;
pub mod tls;
#[cfg(unix)]
mod unix_file;
mod upgraded;

pub use client::{ClientEndpoint, connect, connect_over};
pub use handshake::{Handshake, accept, accept_with};
pub use incoming::Incoming;
pub use listener::{Listener, StdListener};
pub use net_socket::NetSocket;
pub use relay::{relay, relay_with};
pub use runtime::Runtime;
#[cfg(feature = "rustls")]
pub use rustls;
pub use server::ServerEndpoint;
pub use upgraded::Upgraded;
