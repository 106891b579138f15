//! [`wsstream_fuzz::proxy`] on what libFuzzer thinks up; run by `cargo +nightly fuzz run proxy`.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| wsstream_fuzz::proxy(data));

#[cfg(not(fuzzing))]
fn main() {}
