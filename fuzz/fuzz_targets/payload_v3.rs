//! Fuzz target: see `tests/properties/targets/payload_v3.rs`.

#![no_main]

#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::payload_v3::check(data));
