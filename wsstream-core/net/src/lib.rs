//! The network stack of wsstream, for any async runtime.
#![doc = ""]

mod client;
pub mod descriptor;
mod dial;
mod handshake;
mod incoming;
mod layers;
mod listener;
mod net_socket;
mod octets;
pub mod plan;
pub mod proxy;
mod relay;
mod runtime;
mod seed;
mod server;
#[cfg(test)]
mod test_support;
pub mod tls;
#[cfg(unix)]
mod unix_file;
mod upgraded;

pub use client::{ClientEndpoint, connect, connect_over};
pub use handshake::{Handshake, accept_with};
pub use incoming::Incoming;
pub use listener::{Listener, StdListener};
pub use net_socket::NetSocket;
pub use relay::{relay, relay_with};
pub use runtime::Runtime;
pub use server::ServerEndpoint;
pub use upgraded::Upgraded;
pub use wsstream_core as core;
