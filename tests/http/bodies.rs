//! Bodies of posts and polls: lengths, limits, what comes in pieces or not at all.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;

use crate::support::raw::{connect, read, send};
use crate::support::server::Running;
use crate::support::session::Polling;
use parlor::config::Protocol;
use parlor::transport::Edge;

#[test]
fn answers_have_exactly_the_reference_servers_headers() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let answer = session.post("4hi", &["Content-Type: whatever"]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));
    assert_eq!(answer.must("content-type"), "text/html");
    assert_eq!(answer.must("content-length"), "2");
    assert_eq!(answer.must("cache-control"), "no-store");
    assert_eq!(answer.must("connection"), "close");
    let answer = session.poll(&[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "4hi"));
    assert_eq!(answer.must("content-type"), "text/plain; charset=UTF-8");
    assert_eq!(answer.must("content-length"), "3");
    assert_eq!(answer.must("cache-control"), "no-store");
    assert_eq!(answer.header("x-xss-protection"), None);
}

#[test]
fn a_chunked_body_may_be_cut_anywhere() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let body = "4\u{1f3a5}\u{1e}4\u{e4}";
    let chunked: Vec<u8> = body
        .as_bytes()
        .chunks(2)
        .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
        .chain(*b"0\r\n\r\n")
        .collect();
    let mut bytes = session.post_bytes("", &["Transfer-Encoding: chunked"]);
    bytes.extend(chunked);
    assert_eq!(send(server.address, &bytes).text(), "ok");
    assert_eq!(session.poll(&[]).text(), body);
}

#[test]
fn a_post_is_heard_whose_client_ends_its_half_right_behind_it() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    for length in [1, 100, 20_000, 100_000] {
        let body = format!("4{}", "x".repeat(length));
        let lines = [format!("Content-Length: {}", body.len())];
        let bytes = session.post_bytes(&body, &[&lines[0]]);
        for _ in 0..10 {
            let mut stream = connect(server.address);
            stream.write_all(&bytes).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read(stream).text(), "ok");
            assert_eq!(session.poll(&[]).text(), body);
        }
    }
}

#[test]
fn half_a_body_ends_its_session_when_its_client_ends_its_half() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let mut stream = connect(server.address);
    let half = session.post_bytes("4half", &["Content-Length: 10"]);
    stream.write_all(&half).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"");
    session.expect_gone();
}

#[test]
fn the_limit_is_in_bytes_and_reaching_it_is_allowed() {
    let settings = Protocol {
        max_payload_bytes: 100,
        ..Protocol::default()
    };
    let server = Running::echo_with(settings, Edge::default());
    let session = Polling::open(server.address);
    let most = format!("4{}x", "\u{e4}".repeat(49));
    assert_eq!(most.len(), 100);
    assert_eq!(session.post(&most, &[]).text(), "ok");
    assert_eq!(session.poll(&[]).text(), most);
    let more = format!("4{}", "\u{e4}".repeat(50));
    let answer = session.post(&more, &[]);
    assert_eq!((answer.status, answer.body.len()), (413, 0));
    let chunked = format!("{:x}\r\n{more}\r\n0\r\n\r\n", more.len());
    let bytes = session.post_bytes(&chunked, &["Transfer-Encoding: chunked"]);
    assert_eq!(send(server.address, &bytes).status, 413);
    session.expect_alive();
}

#[test]
fn binary_for_revision_3_closes_a_session_of_revision_4_and_its_waiting_poll_is_told() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let poll = session.begin_poll();
    let answer = session.post("4hi", &["Content-Type: application/octet-stream"]);
    assert_eq!((answer.status, answer.body.len()), (400, 0));
    let answer = read(poll);
    assert_eq!((answer.status, answer.text().as_str()), (200, "1"));
    session.expect_gone();
}

#[test]
fn a_second_poll_beside_one_that_waits_ends_the_session() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let first = session.begin_poll();
    let second = session.poll(&[]);
    assert_eq!((second.status, second.body.len()), (400, 0));
    let first = read(first);
    assert_eq!((first.status, first.text().as_str()), (200, "1"));
    session.expect_gone();
}

#[test]
fn a_second_post_beside_a_first_ends_the_session_and_cuts_the_first() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let mut first = session.begin_post();
    let second = session.post("4hi", &[]);
    assert_eq!((second.status, second.body.len()), (400, 0));
    let mut rest = Vec::new();
    // Cut without an answer: an end, or a reset as half a body was still on its way.
    let _ = first.read_to_end(&mut rest);
    assert!(rest.is_empty(), "{rest:?}");
    session.expect_gone();
}

#[test]
fn a_post_or_a_poll_that_is_given_up_closes_the_session() {
    let server = Running::echo();
    for begin in [Polling::begin_post, Polling::begin_poll] {
        let session = Polling::open(server.address);
        drop(begin(&session));
        // When the server comes to know it is a matter of time.
        while session.request("PUT").status == 500 {}
        session.expect_gone();
    }
}
