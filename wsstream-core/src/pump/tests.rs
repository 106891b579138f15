//! The pump, without a runtime: sockets in memory that do as they are told, clocks that stand
//! still, and tasks that are polled only when something has woken them.

mod asynchronous;
mod bounded;
mod closing;
mod deflate;
mod delivering;
mod endings;
mod faithful;
#[cfg(feature = "futures")]
mod futures;
mod layers;
mod locks;
mod message_time;
mod opening;
mod pings;
mod prompt;
mod relay;
mod stubborn;
mod support;
mod taken;
mod time;
mod websocket;
mod work;
