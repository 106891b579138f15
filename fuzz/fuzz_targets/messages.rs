//! [`wsstream_fuzz::messages`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run messages`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::messages(data));

#[cfg(not(fuzzing))]
fn main() {}
