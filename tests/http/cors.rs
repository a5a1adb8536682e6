//! Cross-origin requests, as a browser makes them.

use crate::support::raw::{get, request, send};
use crate::support::server::Running;
use crate::support::session::{POLLING, Polling, WEBSOCKET, WebSocket, upgrade};
use parlor::config::{Cors, Origins, Protocol};
use parlor::transport::Edge;

const GOOD: &str = "https://good.example";

fn server() -> Running {
    let cors = Cors {
        origins: Origins::List(vec![GOOD.to_owned()]),
        credentials: true,
        exposed_headers: vec!["x-seen".to_owned()],
        ..Cors::default()
    };
    Running::echo_with(Protocol::default(), Edge::default().cors(cors).unwrap())
}

#[test]
fn a_preflight_is_answered_before_anything_is_verified() {
    let server = server();
    let lines = [
        "Origin: https://good.example",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: content-type",
    ];
    for query in ["?EIO=4&transport=polling", "", "a/b?transport=x&sid=nobody"] {
        let path = format!("/socket.io/{query}");
        let answer = request(server.address, "OPTIONS", &path, &lines);
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{query}");
        assert_eq!(answer.must("access-control-allow-origin"), GOOD);
        assert_eq!(answer.must("access-control-allow-credentials"), "true");
        assert_eq!(answer.must("access-control-allow-headers"), "content-type");
        assert_eq!(
            answer.must("access-control-allow-methods"),
            "GET,HEAD,PUT,PATCH,POST,DELETE"
        );
        assert_eq!(
            answer.must("vary"),
            "Origin, Access-Control-Request-Headers"
        );
    }
}

#[test]
fn every_answer_carries_the_headers_errors_too() {
    let server = server();
    let origin = ["Origin: https://good.example"];
    let session = Polling::open(server.address);
    let answers = [
        get(server.address, POLLING, &origin),
        session.post("4hi", &origin),
        session.poll(&origin),
        get(server.address, "/socket.io/", &origin),
        request(server.address, "PUT", &session.path, &origin),
    ];
    for (answer, status) in answers.iter().zip([200, 200, 200, 400, 500]) {
        assert_eq!(answer.status, status);
        assert_eq!(answer.must("access-control-allow-origin"), GOOD);
        assert_eq!(answer.must("access-control-allow-credentials"), "true");
        assert_eq!(answer.must("access-control-expose-headers"), "x-seen");
        assert_eq!(answer.must("vary"), "Origin");
        assert_eq!(answer.header("access-control-allow-methods"), None);
    }
}

#[test]
fn another_origin_is_served_without_being_named() {
    let server = server();
    let other = ["Origin: https://other.example"];
    let answer = get(server.address, POLLING, &other);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.must("vary"), "Origin");
    let mut socket = WebSocket::open(server.address, WEBSOCKET, &other);
    assert_eq!(socket.answer.header("access-control-allow-origin"), None);
    assert!(
        socket.text().starts_with("0{"),
        "no restriction for WebSocket"
    );
}

#[test]
fn the_101_carries_them_and_the_refusal_of_an_upgrade_does_not() {
    let server = server();
    let origin = "Origin: https://good.example";
    let socket = WebSocket::open(server.address, WEBSOCKET, &[origin]);
    assert_eq!(socket.answer.must("access-control-allow-origin"), GOOD);
    let path = "/socket.io/?transport=websocket";
    let answer = send(server.address, &upgrade(path, &[origin]));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), None);
}

#[test]
fn without_the_setting_there_are_no_such_headers() {
    let server = Running::echo();
    let origin = ["Origin: https://good.example"];
    let answer = get(server.address, POLLING, &origin);
    assert!(
        answer
            .headers
            .iter()
            .all(|(name, _)| !name.starts_with("access-control"))
    );
    assert_eq!(answer.header("vary"), None);
    assert_eq!(
        request(server.address, "OPTIONS", POLLING, &origin).status,
        400
    );
}
