//! [`wsstream_fuzz::extensions`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run extensions`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::extensions(data));

#[cfg(not(fuzzing))]
fn main() {}
