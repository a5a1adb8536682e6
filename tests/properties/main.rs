//! Properties that hold for any bytes, each run with what fuzzing has found, with the seeds, and
//! with random bytes: a fixed number of them, so that the suite takes seconds. The fuzzers
//! (`scripts/fuzz`) search further with the same functions; see [`targets`].
//!
//! What a fuzzer finds goes into `fuzz/corpus-found/<target>`, one small file each, and is
//! replayed here from then on.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

mod targets;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs a target's property: first over the files that are kept for it, then over `cases`
/// random inputs.
fn hold(target: &str, check: fn(&[u8]), cases: u32) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let mut seeds = Vec::new();
    for folder in ["corpus-found", "seeds"] {
        let folder = root.join(folder).join(target);
        // A target that nothing was found for has no folder.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let held = catch_unwind(AssertUnwindSafe(|| check(&bytes)));
            held.unwrap_or_else(|_| panic!("does not hold for {}", path.display()));
            seeds.push(bytes);
        }
    }
    assert!(!seeds.is_empty(), "fuzz/seeds/{target} was found");
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let runner = TestRunner::new(config).run(&inputs(seeds), |bytes| {
        check(&bytes);
        Ok(())
    });
    runner.unwrap_or_else(|error| panic!("{target}: {error}"));
}

/// Random bytes, and pieces of seeds put together anew.
fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let random = proptest::collection::vec(any::<u8>(), 0..300);
    let piece = (
        proptest::sample::select(seeds),
        any::<[u8; 2]>(),
        any::<u8>(),
    )
        .prop_map(|(seed, [from, len], other)| {
            let from = usize::from(from) % (seed.len() + 1);
            let mut piece: Vec<u8> = seed.iter().skip(from).take(len.into()).copied().collect();
            // Now and then one byte is another one.
            if let (0..32, Some(byte)) = (other, piece.first_mut()) {
                *byte = other;
            }
            piece
        });
    prop_oneof![
        1 => random,
        2 => proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat()),
    ]
}

#[test]
fn an_engine_packet_means_what_it_says_and_encodes_to_that_again() {
    hold("packet", targets::packet::check, 2000);
}

#[test]
fn a_polling_body_keeps_its_packets_in_order_and_is_written_as_it_is_read() {
    hold("payload", targets::payload::check, 2000);
}

#[test]
fn a_polling_body_of_revision_3_is_read_as_a_second_reading_says() {
    hold("payload_v3", targets::payload_v3::check, 2000);
}

#[test]
fn websocket_messages_are_the_same_however_the_bytes_are_cut() {
    hold("websocket", targets::websocket::check, 500);
}

#[test]
fn socketio_messages_are_read_told_and_passed_on_as_a_second_decoder_says() {
    hold("decoder", targets::decoder::check, 2000);
}

#[test]
fn a_session_loses_nothing_and_answers_everybody_whatever_happens_to_it() {
    hold("session", targets::session::check, 4000);
}

#[test]
fn a_crowd_of_clients_gets_everything_once_and_in_order_and_leaves_nothing_behind() {
    hold("hub", targets::hub::check, 1000);
}
