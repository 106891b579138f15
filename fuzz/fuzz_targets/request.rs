//! [`wsstream_fuzz::request`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run request`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::request(data));

#[cfg(not(fuzzing))]
fn main() {}
