//! [`wsstream_fuzz::listener`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run listener`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::listener(data));

#[cfg(not(fuzzing))]
fn main() {}
