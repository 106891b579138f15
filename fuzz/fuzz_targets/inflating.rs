//! [`wsstream_fuzz::inflating`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run inflating`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::inflating(data));

#[cfg(not(fuzzing))]
fn main() {}
