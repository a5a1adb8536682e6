//! Which requests the engine takes, and how it refuses the others: over polling, before any
//! session is touched (the reference server's `verify`).

use crate::support::raw::{Answer, get, request, send};
use crate::support::server::Running;
use crate::support::session::{POLLING, Polling};
use parlor::config::Protocol;
use parlor::transport::Edge;

const NOBODY: &str = "AAAAAAAAAAAAAAAAAAAA";

fn expect_refused(answer: &Answer, code: u8, message: &str) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.must("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), None);
    let body = format!("{{\"code\":{code},\"message\":\"{message}\"}}");
    assert_eq!(answer.text(), body);
    assert_eq!(answer.must("content-length"), body.len().to_string());
}

fn expect_unknown_transport(answer: &Answer) {
    expect_refused(answer, 0, "Transport unknown");
}

#[test]
fn a_transport_that_is_not_spoken_wins_over_everything_else() {
    let server = Running::echo();
    for query in [
        "",
        "?",
        "?EIO=4",
        "?EIO=4&transport=",
        "?EIO=4&transport=POLLING",
        "?EIO=4&transport=constructor",
        "?EIO=4&transport=__proto__",
        "?EIO=4&transport=webtransport",
        "?EIO=4&transport=polling&transport=x",
        "?EIO=3&transport=x&sid=AAAAAAAAAAAAAAAAAAAA&j=0",
    ] {
        for method in ["GET", "POST", "PUT", "OPTIONS"] {
            let path = format!("/socket.io/{query}");
            expect_unknown_transport(&request(server.address, method, &path, &[]));
        }
    }
}

#[test]
fn an_unknown_session_wins_over_a_wrong_revision_and_over_jsonp() {
    let server = Running::echo();
    for rest in ["EIO=4", "EIO=9", "EIO=4&j=1"] {
        let path = format!("/socket.io/?{rest}&transport=polling&sid={NOBODY}");
        for method in ["GET", "POST"] {
            let answer = request(server.address, method, &path, &[]);
            expect_refused(&answer, 1, "Session ID unknown");
        }
    }
}

#[test]
fn a_handshake_is_a_get_whatever_its_revision() {
    let server = Running::echo();
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for revision in ["4", "9"] {
            let path = format!("/socket.io/?EIO={revision}&transport=polling&sid=");
            let answer = request(server.address, method, &path, &[]);
            expect_refused(&answer, 2, "Bad handshake method");
        }
    }
    let answer = request(server.address, "HEAD", POLLING, &[]);
    assert_eq!((answer.status, answer.body.len()), (400, 0));
}

#[test]
fn websocket_without_an_upgrade_and_jsonp_are_bad_requests() {
    let server = Running::echo();
    for query in [
        "EIO=4&transport=websocket",
        "EIO=9&transport=websocket",
        "EIO=4&transport=polling&j=0",
    ] {
        let answer = get(server.address, &format!("/socket.io/?{query}"), &[]);
        expect_refused(&answer, 3, "Bad request");
    }
    let session = Polling::open(server.address);
    let answer = get(server.address, &format!("{}&j=0", session.path), &[]);
    expect_refused(&answer, 3, "Bad request");
    session.expect_alive();
}

#[test]
fn a_session_is_not_taken_in_the_name_of_the_other_transport() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    let path = session.path.replace("polling", "websocket");
    for method in ["GET", "POST"] {
        let answer = request(server.address, method, &path, &[]);
        expect_refused(&answer, 3, "Bad request");
    }
    session.expect_alive();
}

#[test]
fn every_request_of_a_session_names_its_revision() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    for other in ["EIO=3", "EIO=5", ""] {
        let path = session.path.replace("EIO=4", other);
        for method in ["GET", "POST"] {
            let answer = request(server.address, method, &path, &[]);
            expect_refused(&answer, 3, "Bad request");
        }
    }
    session.expect_alive();
}

#[test]
fn a_revision_that_is_not_spoken_comes_last_and_the_last_of_several_counts() {
    let server = Running::echo();
    for query in ["", "EIO=", "EIO=abc", "EIO=5", "EIO=4&EIO=5"] {
        let path = format!("/socket.io/?transport=polling&{query}");
        expect_refused(
            &get(server.address, &path, &[]),
            5,
            "Unsupported protocol version",
        );
    }
    let path = "/socket.io/?EIO=5&transport=x&transport=polling&EIO=4";
    assert_eq!(get(server.address, path, &[]).status, 200);
}

#[test]
fn other_methods_on_a_live_session_are_500_and_it_lives_on() {
    let server = Running::echo();
    let session = Polling::open(server.address);
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        let answer = session.request(method);
        assert_eq!((answer.status, answer.body.len()), (500, 0), "{method}");
    }
    session.expect_alive();
}

#[test]
fn control_characters_in_a_header_are_refused_by_the_parser_and_end_the_connection() {
    let server = Running::echo();
    for origin in [&b"https://a\x01b"[..], b"\x7f", b"a\x00"] {
        let mut bytes = format!("GET {POLLING} HTTP/1.1\r\nHost: x\r\nOrigin: ").into_bytes();
        bytes.extend_from_slice(origin);
        bytes.extend_from_slice(b"\r\n\r\n");
        let answer = send(server.address, &bytes);
        assert_eq!((answer.status, answer.body.len()), (400, 0));
        assert_eq!(answer.must("connection"), "close");
    }
    // What is not ASCII is no control character.
    let line = "Origin: https://\u{e4}.example";
    assert_eq!(get(server.address, POLLING, &[line]).status, 200);
}

#[test]
fn a_transport_that_is_off_is_unknown_and_its_upgrades_are_ordinary_requests() {
    let settings = Protocol {
        websocket: false,
        ..Protocol::default()
    };
    let server = Running::echo_with(settings, Edge::default());
    let upgrade = ["Upgrade: websocket", "Connection: Upgrade"];
    let path = "/socket.io/?EIO=4&transport=websocket";
    expect_unknown_transport(&get(server.address, path, &upgrade));
    let answer = get(server.address, POLLING, &upgrade);
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("\"upgrades\":[]"));
}

#[test]
fn the_path_is_a_prefix_and_its_slash_can_be_left_out_if_the_server_says_so() {
    let query = "EIO=4&transport=polling";
    let status =
        |server: &Running, path: &str| get(server.address, &format!("{path}?{query}"), &[]).status;
    let server = Running::echo();
    assert_eq!(status(&server, "/socket.io/"), 200);
    assert_eq!(status(&server, "/socket.io/a/b"), 200);
    assert_eq!(status(&server, "/socket.io"), 404);
    assert_eq!(status(&server, "/engine.io/"), 404);
    let settings = Protocol {
        path: "/engine.io/".to_owned(),
        trailing_slash: false,
        ..Protocol::default()
    };
    let server = Running::echo_with(settings, Edge::default());
    assert_eq!(status(&server, "/engine.io"), 200);
    assert_eq!(status(&server, "/engine.io/"), 200);
    assert_eq!(status(&server, "/engine.iox"), 404);
    assert_eq!(status(&server, "/socket.io/"), 404);
}
