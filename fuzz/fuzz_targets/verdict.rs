//! [`wsstream_fuzz::verdict`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run verdict`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::verdict(data));

#[cfg(not(fuzzing))]
fn main() {}
