//! What must hold for any input at all, one function for each property.
//!
//! Each function takes octets, drives the machines of `wsstream-core` with them, and panics if the
//! property does not hold. `fuzz_targets/` gives them to libFuzzer, `tests/corpus.rs` runs them on
//! stable over the corpus and over pseudo-random octets.
//!
//! To add one: the function here and in [`TARGETS`], a file in `fuzz_targets/` with its `[[bin]]`, and
//! something to begin with in `corpus/`.
#![expect(
    clippy::unwrap_used,
    reason = "panicking is how a property says that it does not hold"
)]

mod base64;
mod byte_stream;
mod connection;
mod deflate;
mod endpoint;
mod extensions;
mod frames;
mod input;
mod messages;
mod request;
mod response;
mod url;

pub use base64::base64;
pub use byte_stream::byte_stream;
pub use connection::connection;
pub use deflate::deflate;
pub use endpoint::endpoint;
pub use extensions::extensions;
pub use frames::frames;
pub use messages::messages;
pub use request::request;
pub use response::response;
pub use url::url;

/// A property.
pub type Target = fn(&[u8]);

/// All of them, by the names that they have in `fuzz_targets/` and `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("base64", base64),
    ("byte_stream", byte_stream),
    ("connection", connection),
    ("deflate", deflate),
    ("endpoint", endpoint),
    ("extensions", extensions),
    ("frames", frames),
    ("messages", messages),
    ("request", request),
    ("response", response),
    ("url", url),
];
