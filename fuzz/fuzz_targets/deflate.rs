//! [`wsstream_fuzz::deflate`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run deflate`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::deflate(data));

#[cfg(not(fuzzing))]
fn main() {}
