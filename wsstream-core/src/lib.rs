//! WebSocket as a byte stream, sans-IO.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod seed;
mod time;

pub use seed::Seed;
pub use time::Timestamp;
