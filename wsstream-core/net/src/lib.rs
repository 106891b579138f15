//! The network stack of wsstream, for any async runtime.
#![doc = ""]

mod runtime;
pub mod tls;

pub use runtime::Runtime;
pub use wsstream_core as core;
