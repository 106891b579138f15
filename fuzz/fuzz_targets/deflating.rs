//! [`wsstream_fuzz::deflating`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run deflating`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::deflating(data));

#[cfg(not(fuzzing))]
fn main() {}
