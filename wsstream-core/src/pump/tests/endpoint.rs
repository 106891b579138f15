//! Endpoints, over sockets that are none, in time that passes when it is told to.

mod client;
mod server;
