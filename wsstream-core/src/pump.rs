//! Driving a connection over a socket, for any runtime (feature `std`).
//!
//! This module has the poll loops, the wakers, the timers and the order of flushes. A runtime supplies a [`Socket`] and
//! a [`Clock`] for each connection.
//!
//! - [`Connect`] and [`Accept`] do the opening handshake, and give an [`Upgraded`] connection. `Upgraded` takes over one
//!   that was upgraded elsewhere, too.
//! - [`Stream`] is its byte stream, and [`WebSocket`] carries its whole messages. A `Stream` is a `Socket` itself, so
//!   that layers can be stacked.
//! - [`relay()`] joins any two sockets.
//! - [`AutoFlush`] makes a TLS socket flush by itself, where no WebSocket on top of it does.
//! - [`Permits`] count a listener's connections, and tell them of its shutdown.
//!
//! The crate `wsstream-net` adds dialling, listening and TLS. The example `poll_echo` does without: it is a runtime in
//! fifty lines, of std's non-blocking sockets and a loop that polls.
//!
//! No task runs in the background: everything happens while something is polled. Different tasks may poll the two halves
//! of a stream. The one exception is [`Delivering`], which delivers what a dropped stream had accepted.

mod alarm;
mod auto_flush;
mod clock;
mod codec_pool;
mod connected;
mod delivering;
mod direct;
mod engine;
mod hold;
mod info;
mod opening;
mod outgoing;
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
pub use connected::Connected;
pub use delivering::Delivering;
pub use info::Info;
pub use opening::{Accept, Accepting, Connect, Handshake, Refusing};
pub use permit::{Permit, Permits, Phase};
pub use relay::{Carried, Ended, Relay, Relayed, SocketEnd, relay};
pub use relay_end::RelayEnd;
pub use socket::Socket;
pub use stream::Stream;
pub use upgraded::Upgraded;
pub use websocket::WebSocket;

pub use crate::connection::Taken;
