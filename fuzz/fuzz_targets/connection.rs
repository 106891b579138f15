//! [`wsstream_fuzz::connection`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run connection`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::connection(data));

#[cfg(not(fuzzing))]
fn main() {}
