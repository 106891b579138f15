//! [`wsstream_fuzz::relay`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run relay`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::relay(data));

#[cfg(not(fuzzing))]
fn main() {}
