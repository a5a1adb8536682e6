//! Peaks of live memory while hostile input is decoded. What counts is a multiple of the bytes
//! that were sent, or of the limit, never of a number that is only written in them.
//!
//! Where the factors come from: a buffer that grows doubles, and the old one lives until it is
//! copied, so that one which holds n bytes may have had 3n. (Allocators grow in place mostly;
//! this one never does.)

use allocation_counter::{AllocationInfo, measure};
use parlor::engineio::revision::Revision;
use parlor::engineio::{Message, Packet, payload};
use parlor::rate::Bucket;
use parlor::socketio::client::{Client, Received};
use parlor::socketio::decode;
use parlor::transport::frame::{Partial, receive};
use proptest::prelude::*;
use std::time::Instant;

/// What any decoder may hold for an input, besides a multiple of it.
const SLACK: u64 = 4096;

fn expect_peak(what: &str, input: usize, factor: u64, measured: AllocationInfo) {
    let most = factor * input as u64 + SLACK;
    let peak = measured.bytes_max;
    assert!(
        peak <= most,
        "{what}: {peak} bytes at once for {input}, more than {most}"
    );
}

/// Feeds messages, as the hub does, to a client that may announce `most` attachments.
fn feed(client: &mut Client, messages: &[Message<'_>], most: usize) {
    for message in messages {
        let received = client.receive(*message, most);
        if let Ok(Received::Assembled(whole)) = &received {
            // It is decoded once more when it is complete.
            let _ = decode::decode(&whole.text, most);
        }
        if received.is_err() {
            break;
        }
    }
}

fn client() -> Client {
    let now = Instant::now();
    Client::new(now, Bucket::full(now))
}

const HALF: usize = 500_000;

#[test]
fn a_socketio_packet_is_held_once_and_its_placeholders_in_less_than_thrice_its_length() {
    let placeholders = "{\"_placeholder\":true,\"num\":0},".repeat(HALF / 30);
    let cases = [
        ("deep arrays", "2".to_owned() + &"[".repeat(HALF)),
        ("deep objects", "2".to_owned() + &"{\"a\":".repeat(HALF / 5)),
        (
            "many arguments",
            format!("2[\"a\"{}]", ",1".repeat(HALF / 2)),
        ),
        ("a long name", format!("2[\"{}\"]", "a".repeat(HALF))),
        (
            "a long name with escapes",
            format!("2[\"{}\"]", "\\u0061".repeat(HALF / 6)),
        ),
        ("a long namespace", format!("0/{},", "a".repeat(HALF))),
        ("a long ack id", format!("2{}[\"a\"]", "9".repeat(HALF))),
        ("a long count", format!("5{}-[\"a\"]", "9".repeat(HALF))),
        ("placeholders", format!("51-[\"a\",{}1]", placeholders)),
        (
            "nested placeholders",
            format!("51-[\"a\",{}", "{\"num\":".repeat(HALF / 7)),
        ),
        ("attachments announced", "51000000-[\"a\"]".to_owned()),
        ("white space", format!("2{}[\"a\"]", " ".repeat(HALF))),
    ];
    for (what, text) in &cases {
        let mut client = client();
        let messages = [Message::Text(text), Message::Binary(b"")];
        let measured = measure(|| feed(&mut client, &messages, 1_000_000));
        expect_peak(what, text.len(), 3, measured);
    }
}

#[test]
fn attachments_are_held_once() {
    let bytes = vec![7; HALF];
    let text = "510-[\"a\",{\"_placeholder\":true,\"num\":9}]";
    let mut messages = vec![Message::Text(text)];
    messages.extend([Message::Binary(&bytes); 10]);
    let mut client = client();
    let measured = measure(|| feed(&mut client, &messages, 10));
    expect_peak("ten attachments", 10 * HALF, 1, measured);
    assert_eq!(client.buffered_bytes(), 0);
}

#[test]
fn an_engine_payload_takes_no_more_than_its_longest_packet() {
    let base64 = "A".repeat(HALF);
    let cases = [
        (Revision::V4, false, "2\u{1e}".repeat(HALF).into_bytes()),
        (Revision::V4, false, "\u{1e}".repeat(HALF).into_bytes()),
        (
            Revision::V4,
            false,
            format!("b{base64}\u{1e}b{base64}").into_bytes(),
        ),
        (Revision::V3, false, "1:2".repeat(HALF).into_bytes()),
        (
            Revision::V3,
            false,
            "9999999999:2".repeat(HALF / 12).into_bytes(),
        ),
        (
            Revision::V3,
            false,
            format!("{}:b4{base64}", HALF + 2).into_bytes(),
        ),
        (Revision::V3, true, [0, 1, 0xff, b'2'].repeat(HALF / 4)),
        (
            Revision::V3,
            true,
            [0, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 0xff].repeat(HALF / 12),
        ),
        (Revision::V3, true, vec![0; HALF]),
    ];
    for (revision, binary, body) in &cases {
        let start = String::from_utf8_lossy(&body[..12]);
        let measured = measure(|| {
            // Refused or not: what counts is what it takes.
            let _ = payload::decode(body, *revision, *binary, |_| ());
        });
        expect_peak(&start, HALF, 1, measured);
    }
    let text = format!("b{base64}");
    let measured = measure(|| _ = Packet::decode(&text, &mut Vec::new()));
    expect_peak("base64", HALF, 1, measured);
}

/// A masked frame, its mask all zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let len = u64::try_from(payload.len()).unwrap();
    let mut frame = vec![first, 0x80 | 127];
    frame.extend(len.to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Feeds reads of this size, and holds what is kept between two to what is counted.
fn receive_all(bytes: &[u8], read: usize, limit: usize) -> AllocationInfo {
    let mut buffer = vec![0; read];
    let mut peak = AllocationInfo::default();
    let mut partial: Option<Box<Partial>> = None;
    let mut live = 0;
    for piece in bytes.chunks(read) {
        let buffer = &mut buffer[..piece.len()];
        buffer.copy_from_slice(piece);
        let mut ended = false;
        let measured = measure(|| ended = receive(&mut partial, buffer, limit, |_| true).is_err());
        let before = u64::try_from(live).unwrap();
        peak.bytes_max = peak.bytes_max.max(before + measured.bytes_max);
        live += measured.bytes_current;
        let counted = partial.as_ref().map_or(0, |partial| partial.bytes());
        let most = i64::try_from(2 * counted).unwrap() + 256;
        assert!(live <= most, "{live} bytes are held, and {counted} counted");
        if ended {
            break;
        }
    }
    peak
}

#[test]
fn a_websocket_message_is_held_to_the_limit_and_what_is_held_is_counted() {
    const LIMIT: usize = 128 * 1024;
    let whole = frame(0x82, &[7; LIMIT]);
    let two = [&whole[..], &whole[..1]].concat();
    let fragments = [frame(0x02, &[7]), frame(0x00, &[7]).repeat(LIMIT - 1)].concat();
    let empty = [frame(0x02, &[]), frame(0x00, &[]).repeat(LIMIT)].concat();
    let halves = [frame(0x02, &[7; LIMIT / 2]), frame(0x80, &[7; LIMIT / 2])].concat();
    let announced = [&[0x82, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    let pings = frame(0x89, &[7; 125]).repeat(1000);
    let cases = [
        ("a message", &whole),
        ("a message and the start of the next", &two),
        ("small fragments", &fragments),
        ("empty fragments", &empty),
        ("a message in two", &halves),
        ("a length that is announced", &announced),
        ("pings", &pings),
    ];
    for (what, bytes) in cases {
        for read in [1000, 32 * 1024] {
            let measured = receive_all(bytes, read, LIMIT);
            // A frame that comes in, and the fragments before it, each while it grows.
            expect_peak(what, LIMIT + read, 6, measured);
        }
    }
}

/// Pieces of frames and messages, and what is nearly one.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        (any::<u8>(), 0usize..3000).prop_map(|(first, len)| frame(first & 0x8f, &vec![b'a'; len])),
        proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_over_a_websocket_is_held_to_the_limit(
        bytes in pieces(), read in 1usize..2000,
    ) {
        let measured = receive_all(&bytes, read, 2000);
        expect_peak("frames", 2000 + read, 6, measured);
    }

    #[test]
    fn whatever_comes_as_a_packet_is_held_in_less_than_thrice_its_length(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "{\"_placeholder\":true,\"num\":0}", "{\"num\":", "[", "]", "}", ",", "\"a\"", "1",
            "\\u0061", "\"", ":", "{\"_placeholder\":true,", "\"num\":0",
        ]), 0..600),
        start in proptest::sample::select(vec!["2[\"a\",", "59-[\"a\",", "0/", "61-7["]),
    ) {
        let text = format!("{start}{}]", pieces.concat());
        let mut client = client();
        let messages = [Message::Text(&text), Message::Binary(b"bytes")];
        let measured = measure(|| feed(&mut client, &messages, 10));
        expect_peak(&text, text.len(), 3, measured);
    }
}
