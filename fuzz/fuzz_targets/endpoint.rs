//! [`wsstream_fuzz::endpoint`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run endpoint`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::endpoint(data));

#[cfg(not(fuzzing))]
fn main() {}
