//! Fuzz target: see `tests/properties/targets/packet.rs`.

#![no_main]

#[path = "../../tests/properties/targets/mod.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::packet::check(data));
