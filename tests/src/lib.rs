//! What users of a wsstream stream may rely on, as stories that run on any runtime.
//!
//! A story is an `async fn` over a [`TestRuntime`], which is a small thing: tasks, a clock, and the runtime that is
//! under test. [`contract_suite!`] makes tests of all stories for one runtime. The
//! peers that misbehave, or have to send exact frames, are [`Peer`]s: a transport and frames made by hand.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub mod bad_ends;

pub mod contract;
mod flood;
mod futures_io;
mod inflater;
mod io;
mod log;
pub mod net;
mod pattern;
mod peer;
pub mod proxy;
mod raw;
mod runtime;
mod smol;
mod stories;
mod suite;
mod tokio;
mod variants;

pub use flood::Flood;
pub use futures_io::AnyThread;
pub use io::{Read, Write, impatient, next_turn, poll_once, wait_once};
pub use log::Log;
pub use pattern::{Pattern, noise};
pub use peer::{Frame, Peer, fragment, frame, masked};
pub use raw::Raw;
pub use runtime::{Clock, SendSocket, TestRuntime, Thread, WsStream, open, open_with, within};
pub use smol::Smol;
pub use variants::{Compression, IntoSplit};
pub use wsstream_async_std::AsyncStd;
pub use wsstream_tokio::Tokio;

#[cfg(doctest)]
#[doc = include_str!("../../wsstream-async-std/README.md")]
mod front_page_of_async_std {}
