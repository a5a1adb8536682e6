//! Upgrades to WebSocket: the 101, and refusals before it, which are always 400 with a text.

use crate::support::raw::{Answer, send};
use crate::support::server::Running;
use crate::support::session::{Polling, WEBSOCKET, WebSocket, upgrade};

fn ask(server: &Running, path: &str) -> Answer {
    send(server.address, &upgrade(path, &[]))
}

/// Without what belongs to every answer, in the order of the names.
fn headers(answer: &Answer) -> Vec<(&str, &str)> {
    let headers = answer.headers.iter();
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| *name != "date")
        .collect();
    headers.sort_unstable();
    headers
}

#[test]
fn a_refusal_is_400_and_the_plain_text_and_ends_the_connection() {
    let server = Running::echo();
    let nobody = "&sid=AAAAAAAAAAAAAAAAAAAA";
    for (path, message) in [
        (
            "/socket.io/?EIO=4&transport=x".to_owned(),
            "Transport unknown",
        ),
        (format!("{WEBSOCKET}{nobody}"), "Session ID unknown"),
        (
            "/socket.io/?transport=websocket".to_owned(),
            "Unsupported protocol version",
        ),
        (
            "/socket.io/?EIO=4&transport=polling".to_owned(),
            "Bad request",
        ),
    ] {
        let answer = ask(&server, &path);
        assert_eq!((answer.status, answer.text().as_str()), (400, message));
        let length = message.len().to_string();
        assert_eq!(
            headers(&answer),
            [
                ("connection", "close"),
                ("content-length", length.as_str()),
                ("content-type", "text/html"),
            ]
        );
    }
}

#[test]
fn a_handshake_without_a_usable_key_or_version_is_told_so() {
    let server = Running::echo();
    let request = |lines: &str| {
        let head = format!("GET {WEBSOCKET} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n");
        send(
            server.address,
            format!("{head}Upgrade: websocket\r\n{lines}\r\n").as_bytes(),
        )
    };
    for key in ["", "Sec-WebSocket-Key: short\r\n"] {
        let answer = request(&format!("Sec-WebSocket-Version: 13\r\n{key}"));
        assert_eq!(answer.status, 400);
        assert_eq!(answer.text(), "Missing or invalid Sec-WebSocket-Key header");
    }
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let answer = request(&format!("Sec-WebSocket-Version: 12\r\n{key}"));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.must("sec-websocket-version"), "13, 8");
}

#[test]
fn the_101_declines_every_extension_by_not_naming_it() {
    let server = Running::echo();
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    let mut socket = WebSocket::open(server.address, WEBSOCKET, &[offer]);
    assert_eq!(
        headers(&socket.answer),
        [
            ("connection", "Upgrade"),
            // RFC 6455 section 1.3, for the key of its example.
            ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            ("upgrade", "websocket"),
        ]
    );
    let open = socket.text();
    assert!(
        open.starts_with("0{\"sid\":\"") && open.contains("\"upgrades\":[]"),
        "{open}"
    );
    // A frame above the size from which servers with the extension compress comes as it is.
    socket.send("4long");
    assert_eq!(socket.text(), format!("4{}", "x".repeat(2000)));
}

#[test]
fn the_first_of_the_offered_subprotocols_is_taken() {
    let server = Running::echo();
    let lines = ["Sec-WebSocket-Protocol: One, two"];
    let socket = WebSocket::open(server.address, WEBSOCKET, &lines);
    assert_eq!(socket.answer.must("sec-websocket-protocol"), "One");
    for wrong in ["", "a b", "one,", "one,,two", "a/b"] {
        let line = format!("Sec-WebSocket-Protocol: {wrong}");
        let answer = send(server.address, &upgrade(WEBSOCKET, &[&line]));
        assert_eq!(answer.status, 400, "{wrong}");
        assert_eq!(answer.text(), "Invalid Sec-WebSocket-Protocol header");
    }
}

#[test]
fn an_upgrade_to_another_path_is_answered_by_the_pages() {
    let server = Running::echo();
    let answer = send(
        server.address,
        &upgrade("/elsewhere", &["Connection: close"]),
    );
    assert_eq!(answer.status, 404);
    assert_eq!(answer.text(), "", "nobody's pages: no page");
    assert_eq!(answer.header("content-type"), None);
}

#[test]
fn what_comes_with_the_upgrade_is_the_first_frame_and_garbage_ends_only_its_own_connection() {
    let server = Running::echo();
    let mut bytes = upgrade(WEBSOCKET, &[]);
    bytes.extend_from_slice(&[0x81, 0x83, 0, 0, 0, 0, b'4', b'h', b'i']);
    let mut socket = WebSocket::open_with(server.address, &bytes);
    assert!(socket.text().starts_with("0{"));
    assert_eq!(socket.text(), "4hi");
    socket.write(&[0xff; 64]);
    // RFC 6455 section 7.4.1: 1002 is a protocol error.
    assert_eq!(socket.receive(), (0x88, 1002_u16.to_be_bytes().to_vec()));
    let mut bytes = upgrade(WEBSOCKET, &[]);
    bytes.extend_from_slice(&[0xff; 64]);
    let mut socket = WebSocket::open_with(server.address, &bytes);
    assert_eq!(socket.receive().0, 0x88);
    Polling::open(server.address).expect_alive();
}
