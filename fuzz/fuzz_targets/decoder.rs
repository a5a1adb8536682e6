//! Fuzz target: see `tests/properties/targets/decoder.rs`.

#![no_main]

#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::decoder::check(data));
