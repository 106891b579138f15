//! A clock that jumps ahead while everybody waits, for tests (feature `test-kit`).
//!
//! With it a test sees what happens after a timeout of hours, at once and to the millisecond, as with
//! tokio's paused clock. The timers of this crate go by it: handshake limits, keepalive, closing.
//!
//! ```
//! use std::time::Duration;
//! use wsstream_async_std::test_kit::{now, paused, sleep};
//!
//! async_std::task::block_on(paused(async {
//!     let begun = now();
//!     sleep(Duration::from_secs(3600)).await;
//!     assert_eq!(now() - begun, Duration::from_secs(3600));
//! }));
//! ```

use std::future::poll_fn;
use std::time::Duration;

use wsstream_core::pump::Clock as _;
pub use wsstream_net::test_kit::{now, paused};

use crate::AsyncIoClock;

/// Waits, by the clock of the [`paused`] future that does; by the system's anywhere else.
pub async fn sleep(time: Duration) {
    let mut clock = AsyncIoClock::new();
    let deadline = clock.now() + time;
    poll_fn(|cx| clock.poll_sleep(cx, deadline)).await;
}
