//! [`wsstream_fuzz::url`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run url`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::url(data));

#[cfg(not(fuzzing))]
fn main() {}
