//! Fuzzes `blocks` of `peerage_fuzz`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| peerage_fuzz::run("blocks", data));
