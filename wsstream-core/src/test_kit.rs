//! Tests of protocols over WebSocket, without sockets and without waiting (feature `test-kit`). Our own tests use it.
//!
//! - [`Pair`] is two [`Connection`](crate::Connection)s with the octets between them in hand, and one
//!   clock. You deliver the octets in pieces of any size, and cut the transport off where you like.
//! - `Pipe` (feature `std`) is a socket for the pump, in memory, that does as it is told: short reads and writes,
//!   waits, errors, ends. `Faulty` goes over any socket, and cuts off, stalls, fails or splits at an octet that you
//!   choose. `Clock` is time that passes when it is told to; its sleepers are clocks for the pump.
//! - [`run_all`] runs futures without a runtime, and polls each only when something has woken it: a
//!   wake-up that was lost is a test that fails.
//! - [`at_every_cut`] is for machines of your own.
//!
//! It panics where a test has to fail.
//!
//! ```
//! use core::time::Duration;
//! use wsstream_core::test_kit::{Pair, Seen};
//! use wsstream_core::{ByteStream, ConnectionConfig, Encoding, Keepalive, Role, StreamError};
//!
//! let keepalive = Keepalive::new(Duration::from_secs(30), Duration::from_secs(60))?;
//! let mut pair = Pair::new(ConnectionConfig::new().keepalive(keepalive), ConnectionConfig::new());
//!
//! let mut stream = ByteStream::new(Encoding::Binary);
//! stream.write(&mut pair.client.connection, b"hello")?;
//! pair.settle_in(1);
//! assert_eq!(pair.server.data(), b"hello");
//!
//! pair.advance(Duration::from_secs(30));
//! pair.settle();
//! assert!(matches!(pair.server.seen.last(), Some(Seen::Ping(_))));
//!
//! pair.cut_off(Role::Client);
//! assert_eq!(pair.server.connection.ending(), Some(Err(StreamError::Truncated)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "std")]
mod faulty;
mod pair;
#[cfg(feature = "std")]
mod pipe;
mod seen;
mod tasks;

use alloc::vec::Vec;

#[cfg(feature = "std")]
pub use faulty::{Faults, Faulty};
pub use pair::{End, Pair, negotiated};
#[cfg(feature = "std")]
pub use pipe::{Clock, Line, Pipe, SharedLine, Sleeper, WriteEnd};
pub use seen::Seen;
pub use tasks::{Job, Task, run_all};

#[cfg(test)]
pub(crate) use pair::{ROLES, connection, other};
#[cfg(test)]
pub(crate) use seen::{data, push, recv, recv_up_to};

/// Calls `check` with `octets` whole, cut in two at every place, and one by one.
///
/// ```
/// use wsstream_core::test_kit::at_every_cut;
/// use wsstream_core::{ConnectionConfig, Connection, Seed};
///
/// // However it is cut, a ping from a server is one ping.
/// at_every_cut(b"\x89\x02hi", |pieces| {
///     let mut client = Connection::without_extensions(ConnectionConfig::new(), Some(&Seed::new([7; 32])));
///     for piece in pieces {
///         let mut piece = piece.to_vec();
///         let mut input = &mut piece[..];
///         while client.recv(&mut input).unwrap().is_some() {}
///     }
///     assert_eq!(client.counters().pings_received, 1);
/// });
/// ```
pub fn at_every_cut(octets: &[u8], mut check: impl FnMut(&[&[u8]])) {
    check(&[octets]);
    for cut in 0..=octets.len() {
        check(&[&octets[..cut], &octets[cut..]]);
    }
    check(&octets.chunks(1).collect::<Vec<_>>());
}
