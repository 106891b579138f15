//! [`wsstream_fuzz::response`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run response`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::response(data));

#[cfg(not(fuzzing))]
fn main() {}
