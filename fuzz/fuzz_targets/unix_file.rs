//! [`wsstream_fuzz::unix_file`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run unix_file`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::unix_file(data));

#[cfg(not(fuzzing))]
fn main() {}
