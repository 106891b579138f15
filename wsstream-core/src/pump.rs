//! Driving a connection over a socket, for any runtime (feature `std`).
//!
//! The poll loops, wakers, timers and the order of flushes are written once, here. A runtime supplies a [`Socket`] and a
//! [`Clock`]. It gets [`Stream`], a byte stream, [`WebSocket`], whole messages, and [`relay`], which joins two sockets;
//! [`AutoFlush`] is for TLS without WebSocket on top. [`Connect`] and [`Accept`] do the opening handshake. A listener
//! has [`Permits`], which count its connections and tell them of a shutdown.
//!
//! The example `poll_echo` is such a runtime in fifty lines: std's non-blocking sockets, and a loop that polls. Dialling,
//! listening and TLS are in the crate `wsstream-net`.
//!
//! There is no background task: everything happens while something is polled. The two halves of a stream may be polled
//! in different tasks.

mod alarm;
mod auto_flush;
mod clock;
mod codec_pool;
mod direct;
mod engine;
mod opening;
mod permit;
mod pool;
mod recv_buffer;
mod relay;
mod relay_end;
mod socket;
mod stream;
mod upgraded;
mod wakers;
mod websocket;
mod wire;

#[cfg(test)]
mod tests;

pub use auto_flush::AutoFlush;
pub use clock::{Clock, within};
pub use opening::{Accept, Accepting, Connect, Handshake, Refusing};
pub use permit::{Permit, Permits, Phase};
pub use relay::{Carried, Ended, Relay, Relayed, SocketEnd, relay};
pub use relay_end::RelayEnd;
pub use socket::Socket;
pub use stream::Stream;
pub use upgraded::Upgraded;
pub use websocket::WebSocket;

pub use crate::connection::Taken;
