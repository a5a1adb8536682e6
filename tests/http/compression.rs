//! Compression of polling bodies.

use std::io::Read as _;

use crate::support::raw::Answer;
use crate::support::server::Running;
use crate::support::session::Polling;
use flate2::read::{GzDecoder, ZlibDecoder};
use parlor::config::Protocol;
use parlor::transport::Edge;

/// The answer to a poll of 2001 bytes.
fn long_poll(server: &Running, lines: &[&str]) -> Answer {
    let session = Polling::open(server.address);
    assert_eq!(session.post("4long", &[]).text(), "ok");
    let answer = session.poll(lines);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.must("content-length"), answer.body.len().to_string());
    assert_eq!(answer.must("content-type"), "text/plain; charset=UTF-8");
    assert_eq!(answer.header("vary"), None);
    answer
}

#[test]
fn a_long_payload_is_compressed_as_the_client_likes_best() {
    let server = Running::echo();
    let text = format!("4{}", "x".repeat(2000));
    let mut read = String::new();
    let answer = long_poll(&server, &["Accept-Encoding: br, gzip, deflate"]);
    assert_eq!(answer.must("content-encoding"), "gzip");
    GzDecoder::new(&answer.body[..])
        .read_to_string(&mut read)
        .unwrap();
    assert!(read == text && answer.body.len() < 100);
    read.clear();
    let answer = long_poll(&server, &["Accept-Encoding: deflate, gzip"]);
    assert_eq!(answer.must("content-encoding"), "deflate");
    ZlibDecoder::new(&answer.body[..])
        .read_to_string(&mut read)
        .unwrap();
    assert_eq!(read, text);
    for lines in [
        &[][..],
        &["Accept-Encoding: br"],
        &["Accept-Encoding: gzip;q=0, deflate;q=0"],
    ] {
        let answer = long_poll(&server, lines);
        assert_eq!(answer.header("content-encoding"), None, "{lines:?}");
        assert_eq!(answer.text(), text);
    }
}

#[test]
fn what_is_short_and_what_answers_a_post_stays_as_it_is() {
    let settings = Protocol {
        http_compression: Some(3),
        ..Protocol::default()
    };
    let server = Running::echo_with(settings, Edge::default());
    let session = Polling::open(server.address);
    let accept = ["Accept-Encoding: gzip"];
    assert_eq!(session.post("4a", &accept).text(), "ok");
    assert_eq!(session.poll(&accept).text(), "4a");
    assert_eq!(session.post("4ab", &accept).text(), "ok");
    let answer = session.poll(&accept);
    assert_eq!(
        answer.must("content-encoding"),
        "gzip",
        "exactly the threshold"
    );
}

#[test]
fn it_can_be_switched_off() {
    let settings = Protocol {
        http_compression: None,
        ..Protocol::default()
    };
    let server = Running::echo_with(settings, Edge::default());
    let answer = long_poll(&server, &["Accept-Encoding: gzip"]);
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.body.len(), 2001);
}

#[test]
fn a_payload_of_many_packets_is_compressed_beside_the_server() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    for _ in 0..20 {
        assert_eq!(session.post("4long", &[]).text(), "ok");
    }
    let answer = session.poll(&["Accept-Encoding: gzip"]);
    let mut read = String::new();
    GzDecoder::new(&answer.body[..])
        .read_to_string(&mut read)
        .unwrap();
    assert_eq!(read.split('\u{1e}').count(), 20);
    assert_eq!(read.len(), 20 * 2002 - 1);
    session.expect_alive();
}
