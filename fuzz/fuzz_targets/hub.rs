//! Fuzz target: see `tests/properties/targets/hub.rs`.

#![no_main]

#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::hub::check(data));
