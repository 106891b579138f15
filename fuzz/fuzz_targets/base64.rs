//! [`wsstream_fuzz::base64`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run base64`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::base64(data));

#[cfg(not(fuzzing))]
fn main() {}
