//! The pump, without a runtime: transports in memory that do as they are told, a clock that stands
//! still, and tasks that are polled only when something has woken them.

mod bounded;
mod closing;
mod deflate;
mod dial;
mod endings;
mod endpoint;
mod faithful;
mod layers;
mod listener;
mod locks;
mod message_time;
mod opening;
mod pings;
mod prompt;
mod relay;
mod socket;
mod stubborn;
mod support;
mod taken;
mod time;
mod work;
