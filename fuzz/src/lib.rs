//! What must hold for any input at all, one function for each property.
//!
//! Each function takes octets, drives the machines of `wsstream-core` and `wsstream-net` with them, and panics if the
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
mod directory;
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
    base64: 100 calls, 2_000 octets;
    byte_stream: 100 calls, 100_000 octets;
    // Where no context is kept, and no pool, each message makes one of the codec, at most 268 KiB for three octets, thrice.
    connection: 2_000 calls, 300_000 octets;
    deflate: 10 calls, 2_000 octets;
    deflating: 200 calls, 50_000 octets;
    endpoint: 10 calls, 2_000 octets;
    extensions: 10 calls, 2_000 octets;
    frames: 500 calls, 10_000 octets;
    inflating: 400 calls, 20_000 octets;
    listener: 10 calls, 100_000 octets;
    messages: 500 calls, 10_000 octets;
    opening: 100 calls, 20_000 octets;
    proxy: 20 calls, 2_000 octets;
    relay: 100 calls, 20_000 octets;
    request: 500 calls, 20_000 octets;
    response: 500 calls, 20_000 octets;
    unix_file: 10 calls, 20_000 octets;
    url: 10 calls, 2_000 octets;
    verdict: 500 calls, 10_000 octets;
}
