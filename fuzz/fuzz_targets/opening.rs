//! [`wsstream_fuzz::opening`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run opening`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::opening(data));

#[cfg(not(fuzzing))]
fn main() {}
