//! Tests without a network and without waiting, on any runtime (feature `test-kit`).
//!
//! - [`pair()`] gives both ends of a connection in memory, and [`pair_over`] over any two sockets.
//! - [`Faulty`] goes over any socket, and cuts off, stalls, fails or splits where a test says. The ends of a [`pair()`] have
//!   one below them each.
//! - [`paused()`] is a clock that jumps ahead while everybody waits. It is for the
//!   [`Clock`](wsstream_core::pump::Clock) of a runtime that has no paused clock of its own: such a clock asks [`now`] and
//!   [`poll_sleep`] before the system.
//!
//! The adapters show how to use them: `wsstream_tokio::test_kit` and `wsstream_async_std::test_kit`.

mod pair;
mod paused;

pub use pair::{pair, pair_over, pair_with};
pub use paused::{now, paused, poll_sleep, spawn};
pub use wsstream_core::test_kit::{Faults, Faulty, Pipe};
