//! Driving a connection over a transport, for any runtime (feature `std`).
//!
//! The poll loops, wakers, timers and the order of flushes are written once, here. A runtime supplies a
//! [`Transport`]: a byte pipe and a clock. What it gets are [`Stream`], a byte stream, [`Socket`], whole
//! messages, and [`Relay`], which joins two ends; [`Prompt`] is for what has no WebSocket on top.
//! [`Connect`] and [`Accept`] do the opening handshake; [`open`] and [`Listener`] decide whom to connect to,
//! and when to accept; [`connect_endpoint`] and [`EndpointServer`] do so for endpoint descriptors.
//!
//! The example `poll_echo` is such a runtime in fifty lines: std's non-blocking sockets, and a loop that
//! polls.
//!
//! There is no background task: everything happens while something is polled. The two halves of a
//! stream may be polled in different tasks.

mod alarm;
mod codec_pool;
mod dial;
mod direct;
mod endpoint;
mod engine;
mod listener;
mod opened;
mod opening;
mod permit;
mod pool;
mod prompt;
mod recv_buffer;
mod relay;
mod socket;
mod stream;
pub(crate) mod timer;
mod wakers;
mod wire;

#[cfg(test)]
mod tests;

use core::task::{Context, Poll};
use std::io::{self, IoSlice};

pub use dial::{Dialler, open};
pub use endpoint::{
    EndpointDialler, EndpointLayers, EndpointServer, connect_endpoint, listen_on_first,
};
pub use listener::{Listener, Port, ShutDown};
pub use opened::{Opened, Upgraded};
pub use opening::{Accept, Answer, Connect, Incoming, Refuse};
pub use permit::Permit;
pub use prompt::Prompt;
pub use relay::{End, Plain, Relay, Relayed};
pub use socket::Socket;
pub use stream::Stream;
pub use timer::Timer;

pub use crate::connection::Taken;

use crate::time::Timestamp;

/// A byte pipe and a clock, as a runtime offers them.
///
/// The `poll` functions are those of the runtimes' own traits: `Pending` promises that the context's
/// waker will be woken.
pub trait Transport {
    /// Reads into `buf`; 0 octets mean the end.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes from the front of `bufs`, which holds one slice unless
    /// [`is_write_vectored`](Self::is_write_vectored).
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_write(&mut self, cx: &mut Context<'_>, bufs: &[IoSlice<'_>])
    -> Poll<io::Result<usize>>;

    /// Whether it writes several slices in one call. If it would write only the first, it must say no.
    fn is_write_vectored(&self) -> bool;

    /// Passes on what it holds back.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Writes past the runtime's readiness: asks the socket itself, where the runtime would wait to be told
    /// that it has room. It is tried once before a peer is given up. `bufs` may be empty: then only what is
    /// held back is written.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_retry_write(
        &mut self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.is_empty() {
            return self.poll_flush(cx).map_ok(|()| 0);
        }
        self.poll_write(cx, bufs)
    }

    /// What the peer has taken of all that was written, as far as the transport can tell; by default it
    /// cannot. A layer over another transport passes on what that one says.
    fn taken(&self) -> Option<Taken> {
        None
    }

    /// Ready unless it is other tasks' turn. Asked before something is handed on for which the transport was
    /// not asked, by which a runtime would count.
    fn poll_proceed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let _ = cx;
        Poll::Ready(())
    }

    /// Ends its write side: the peer reads an end.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// The time, by a monotonic clock.
    fn now(&self) -> Timestamp;

    /// Ready once it is `deadline` or later. One deadline is waited for at a time: the newest.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, deadline: Timestamp) -> Poll<()>;

    /// No deadline is waited for any more.
    fn forget_sleep(&mut self);
}
