//! The calls that are measured, each with what it must give.

use std::hint::black_box;
use std::sync::Arc;

use parlor::chat::Chat;
use parlor::engineio::revision::Revision;
use parlor::engineio::session::Encoded;
use parlor::engineio::{Packet, payload};
use parlor::socketio::{decode, json};
use parlor::stats::Stats;
use parlor::transport::frame::{Incoming, receive, write_message};
use serde_json::value::RawValue;

use crate::socketless::Server;
use crate::{Benchmark, Ready};

pub(crate) fn all() -> Vec<Benchmark> {
    let benchmark = |name, prepare| Benchmark { name, prepare };
    vec![
        benchmark("frame: receive a candidate", || received(candidate())),
        benchmark("frame: receive an offer", || received(offer())),
        benchmark("frame: write a candidate", || written(candidate())),
        benchmark("packet: decode a candidate", || {
            let packet = candidate();
            called(packet, |text| {
                assert!(Packet::decode(text, &mut Vec::new()).is_ok());
            })
        }),
        benchmark("payload: decode ten candidates", || {
            let body = vec![candidate(); 10].join("\u{1e}");
            called(body, |text| {
                let mut packets = 0;
                let sink = |_: Packet<'_>| packets += 1;
                assert!(payload::decode(text.as_bytes(), Revision::V4, false, sink).is_ok());
                assert_eq!(packets, 10);
            })
        }),
        benchmark("socketio: decode a candidate", || decoded(candidate())),
        benchmark("socketio: decode an offer", || decoded(offer())),
        benchmark("json: scan a candidate", || scanned(candidate())),
        benchmark("json: scan an offer", || scanned(offer())),
        benchmark("peer: serde_json's raw value, a candidate", || {
            raw(candidate())
        }),
        benchmark("peer: serde_json's raw value, an offer", || raw(offer())),
        benchmark("hub: relay a candidate", || relayed(candidate())),
        benchmark("hub: relay an offer", || relayed(offer())),
    ]
}

/// A candidate as Chromium sends it: 213 bytes of a frame's payload.
fn candidate() -> String {
    let inside = "candidate:842163049 1 udp 1677729535 192.168.178.23 54321 typ srflx \
                  raddr 0.0.0.0 rport 0 generation 0 ufrag EsAw+2k network-id 1 network-cost 999";
    let packet = format!(
        "42[\"candidate\",{{\"candidate\":\"{inside}\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}},\"r\"]"
    );
    assert_eq!(packet.len(), 213);
    packet
}

/// An offer of 3 KB, with the escapes that lines of SDP have.
fn offer() -> String {
    let line = "a=rtpmap:111 opus/48000/2\\r\\na=fmtp:111 minptime=10;useinbandfec=1\\r\\n";
    let sdp = line.repeat(3000 / line.len());
    format!("42[\"offer\",{{\"type\":\"offer\",\"sdp\":\"{sdp}\"}},\"r\"]")
}

/// The JSON of an event.
fn arguments(packet: &str) -> &str {
    packet.trim_start_matches("42")
}

fn called(text: String, call: impl Fn(&str) + 'static) -> Ready {
    (text.len(), Box::new(move || call(black_box(&text))))
}

fn received(payload: String) -> Ready {
    let mask = [7, 77, 177, 250];
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&u16::try_from(payload.len()).unwrap().to_be_bytes());
    frame.extend_from_slice(&mask);
    frame.extend(
        payload
            .bytes()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    let mut buffer = frame.clone();
    let bytes = payload.len();
    let call = move || {
        buffer.copy_from_slice(black_box(&frame));
        let mut partial = None;
        let mut texts = 0;
        let read = receive(&mut partial, &mut buffer, 100_000, |incoming| {
            texts += u32::from(matches!(incoming, Incoming::Text(text) if text == payload));
            true
        });
        assert!(read.is_ok() && texts == 1 && partial.is_none());
    };
    (bytes, Box::new(call))
}

fn written(payload: String) -> Ready {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    let bytes = payload.len();
    let call = move || {
        frame.clear();
        write_message(Encoded::Text(black_box(payload.as_bytes())), &mut frame);
        assert!(frame.ends_with(payload.as_bytes()));
    };
    (bytes, Box::new(call))
}

fn decoded(packet: String) -> Ready {
    called(packet[1..].to_owned(), |text| {
        assert!(decode::decode(text, 10).is_ok());
    })
}

fn scanned(packet: String) -> Ready {
    called(arguments(&packet).to_owned(), |text| {
        assert_eq!(json::value_len(text).ok(), Some(text.len()));
    })
}

fn raw(packet: String) -> Ready {
    called(arguments(&packet).to_owned(), |text| {
        let value: &RawValue = serde_json::from_str(text).unwrap();
        assert_eq!(value.get().len(), text.len());
    })
}

fn relayed(packet: String) -> Ready {
    let stats = Arc::new(Stats::default());
    let mut server = Server::new(
        Chat::new(10, std::time::Duration::ZERO, Arc::clone(&stats)),
        stats,
    );
    let (one, two) = (server.connect(), server.connect());
    for person in [one, two] {
        server.relay(person, "42[\"join\",\"r\"]");
    }
    let bytes = packet.len();
    let sent = packet.replace(",\"r\"]", "]");
    server.relay(one, &packet);
    assert_eq!(String::from_utf8_lossy(&server.sent), sent);
    (
        bytes,
        Box::new(move || server.relay(one, black_box(&packet))),
    )
}
