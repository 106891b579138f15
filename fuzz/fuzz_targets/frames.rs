//! [`wsstream_fuzz::frames`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run frames`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::frames(data));

#[cfg(not(fuzzing))]
fn main() {}
