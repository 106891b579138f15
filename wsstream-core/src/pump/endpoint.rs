//! Endpoints over sockets: what a plan says, in order and in time.
//!
//! [`connect_endpoint`] follows a client's plan, and an [`EndpointServer`] does what a server's plan says
//! over each connection. A runtime has sockets, TLS handshakes, and one type for all that comes of it:
//! [`EndpointDialler`] and [`EndpointLayers`].

mod client;
mod server;

pub use client::{EndpointDialler, connect_endpoint};
pub use server::{EndpointLayers, EndpointServer, listen_on_first};

use std::io;

use crate::handshake::InvalidField;

/// Only what was changed after it was read is that.
fn invalid(error: InvalidField) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
