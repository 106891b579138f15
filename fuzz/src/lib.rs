//! What must hold for any input at all, one function for each property.
//!
//! Each function takes octets, drives the machines of `wsstream-core` with them, and panics if the
//! property does not hold. `fuzz_targets/` gives them to libFuzzer, `tests/corpus.rs` runs them on
//! stable over the corpus and over pseudo-random octets.
//!
//! To add one: the function in a module of its name, a line in the table here with what its input may cost, a
//! file in `fuzz_targets/` with its `[[bin]]`, and
//! something to begin with in `corpus/`.
#![expect(
    clippy::unwrap_used,
    reason = "panicking is how a property says that it does not hold"
)]

mod blocks;
mod input;
mod jobs;
mod work;

/// A property.
pub type Target = fn(&[u8]);

/// Makes a function of each property that also bounds its work: for each octet of input so many calls of
/// machines, and so many octets allocated.
macro_rules! targets {
    ($($name:ident: $calls:literal calls, $allocated:literal octets;)*) => {
        $(
            mod $name;

            #[doc = concat!("The property `", stringify!($name), "`, within a bound on its work.")]
            pub fn $name(data: &[u8]) {
                let (calls, allocated) = ($calls, $allocated);
                let bound = work::Bound { calls, allocated };
                work::bounded(stringify!($name), bound, $name::$name, data);
            }
        )*

        /// All of them, by the names that they have in `fuzz_targets/` and `corpus/`.
        pub const TARGETS: &[(&str, Target)] = &[$((stringify!($name), $name)),*];
    };
}

targets! {
    base64: 100_000 calls, 10_000_000 octets;
    byte_stream: 100_000 calls, 10_000_000 octets;
    connection: 100_000 calls, 10_000_000 octets;
    deflate: 100_000 calls, 10_000_000 octets;
    deflating: 100_000 calls, 10_000_000 octets;
    endpoint: 100_000 calls, 10_000_000 octets;
    extensions: 100_000 calls, 10_000_000 octets;
    frames: 100_000 calls, 10_000_000 octets;
    inflating: 100_000 calls, 10_000_000 octets;
    messages: 100_000 calls, 10_000_000 octets;
    opening: 100_000 calls, 10_000_000 octets;
    proxy: 100_000 calls, 10_000_000 octets;
    relay: 100_000 calls, 10_000_000 octets;
    request: 100_000 calls, 10_000_000 octets;
    response: 100_000 calls, 10_000_000 octets;
    url: 100_000 calls, 10_000_000 octets;
    verdict: 100_000 calls, 10_000_000 octets;
}
