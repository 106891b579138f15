//! [`wsstream_fuzz::byte_stream`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run byte_stream`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::byte_stream(data));

#[cfg(not(fuzzing))]
fn main() {}
