//! Clients of Engine.IO 3 by their exact bytes: payloads in both forms, and binary frames. The
//! server sends every message back in its own kind, so what a client posts is what it must get.

use parlor::config::Protocol;
use parlor::transport::Edge;

use crate::support::raw::{Answer, get, send};
use crate::support::server::Running;
use crate::support::session::{Polling, WEBSOCKET, WebSocket};

const REVISION_3: &str = "/socket.io/?EIO=3&transport=polling";

fn server() -> Running {
    let settings = Protocol {
        allow_eio3: true,
        ..Protocol::default()
    };
    Running::echo_with(settings, Edge::default())
}

/// A polling session of revision 3.
struct Old<'s> {
    server: &'s Running,
    path: String,
}

impl<'s> Old<'s> {
    fn open(server: &'s Running, query: &str) -> Self {
        let path = format!("{REVISION_3}{query}");
        let body = get(server.address, &path, &[]).text();
        let sid = body.split('"').nth(3).unwrap();
        let path = format!("{path}&sid={sid}");
        Self { server, path }
    }

    fn poll(&self) -> Answer {
        get(self.server.address, &self.path, &[])
    }

    fn post(&self, content_type: &str, body: &[u8]) -> Answer {
        let mut bytes = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.path,
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        send(self.server.address, &bytes)
    }

    /// Posts this and expects it back as it is.
    fn echoes(&self, content_type: &str, body: &[u8]) {
        assert_eq!(self.post(content_type, body).text(), "ok");
        let polled = self.poll();
        assert_eq!(polled.must("content-type"), content_type);
        assert_eq!(polled.body, body);
    }
}

const TEXT: &str = "text/plain; charset=UTF-8";
const BYTES: &str = "application/octet-stream";

#[test]
fn the_answer_to_a_handshake_is_behind_its_length() {
    let server = server();
    let answer = get(server.address, REVISION_3, &[]);
    assert_eq!(answer.must("content-type"), TEXT);
    let body = answer.text();
    let (length, packet) = body.split_once(':').unwrap();
    assert_eq!(length, packet.len().to_string());
    assert!(packet.starts_with("0{\"sid\":\""), "{packet}");
}

#[test]
fn text_comes_and_goes_with_its_length_as_javascript_counts_it() {
    let server = server();
    let session = Old::open(&server, "");
    for body in ["2:4\u{e9}", "3:4\u{1f600}", "1:4", "5:4a\u{1e}b:2:4c"] {
        session.echoes(TEXT, body.as_bytes());
    }
    let pinged = session.post(TEXT, b"1:2");
    assert_eq!(pinged.status, 200);
    assert_eq!(session.poll().text(), "1:3");
}

#[test]
fn bytes_come_and_go_as_bytes_with_the_text_of_the_same_batch() {
    let server = server();
    let session = Old::open(&server, "");
    let mut body = vec![
        0, 3, 0xff, b'4', 0xc3, 0xa9, 1, 1, 0xff, 4, 1, 1, 1, 0xff, 4,
    ];
    body.extend(0xf6..=0xff);
    session.echoes(BYTES, &body);
    // Only the answer to a batch with bytes is in this form.
    let posted = session.post(BYTES, &[0, 2, 0xff, b'4', b'a']);
    assert_eq!(posted.status, 200);
    assert_eq!(session.poll().text(), "2:4a");
    // A client may post base64 and yet take bytes.
    session.post(TEXT, b"6:b4CQ==");
    assert_eq!(session.poll().body, [1, 2, 0xff, 4, 9]);
}

#[test]
fn who_cannot_take_bytes_gets_base64() {
    let server = server();
    let session = Old::open(&server, "&b64=1");
    session.echoes(TEXT, b"10:b4AQIDBA==2:4a");
    session.post(BYTES, &[1, 2, 0xff, 4, 9]);
    assert_eq!(session.poll().text(), "6:b4CQ==");
}

#[test]
fn a_malformed_payload_ends_the_session() {
    let server = server();
    for (content_type, body) in [
        (TEXT, &b""[..]),
        (TEXT, b"4hello"),
        (TEXT, b"9:4a"),
        (TEXT, b"2:4\xf0\x9f\x98\x80"),
        (TEXT, b"99999999999999999999999999:4"),
        (TEXT, b"1:3"),
        (BYTES, b"2:4a"),
        (BYTES, &[0, 9, 0xff, b'4']),
        (BYTES, &[1, 1, 0xff, 3]),
        (BYTES, &[0; 1000]),
    ] {
        let session = Old::open(&server, "");
        let answer = session.post(content_type, body);
        assert_eq!((answer.status, answer.text().as_str()), (200, "ok"));
        let gone = "{\"code\":1,\"message\":\"Session ID unknown\"}";
        assert_eq!(session.poll().text(), gone);
    }
}

#[test]
fn a_session_of_revision_4_beside_it_is_as_ever() {
    let server = server();
    let session = Polling::open(server.address);
    session.expect_alive();
    let type_line = format!("Content-Type: {BYTES}");
    let answer = session.post("4x", &[&type_line]);
    assert_eq!((answer.status, answer.text().as_str()), (400, ""));
    session.expect_gone();
}

#[test]
fn revision_3_is_refused_unless_it_is_allowed() {
    let server = Running::echo();
    let answer = get(server.address, REVISION_3, &[]);
    let body = "{\"code\":5,\"message\":\"Unsupported protocol version\"}";
    assert_eq!((answer.status, answer.text().as_str()), (400, body));
}

#[test]
fn a_binary_frame_has_the_type_of_its_packet_before_its_bytes() {
    const TEXT: u8 = 0x81;
    const BINARY: u8 = 0x82;
    const CLOSE: u8 = 0x88;
    let server = server();
    for (revision, query, echoed) in [
        ("EIO=3", "", (BINARY, &[4, 1, 2][..])),
        ("EIO=3", "&b64=1", (TEXT, b"b4AQI=")),
        ("EIO=4", "", (BINARY, &[4, 1, 2])),
        ("EIO=4", "&b64=1", (TEXT, b"bBAEC")),
    ] {
        let path = WEBSOCKET.replace("EIO=4", revision) + query;
        let mut socket = WebSocket::open(server.address, &path, &[]);
        assert!(socket.text().starts_with("0{\"sid\":\""));
        let masked_with_zeros = [0x82, 0x83, 0, 0, 0, 0, 4, 1, 2];
        socket.write(&masked_with_zeros);
        let (opcode, payload) = socket.receive();
        assert_eq!((opcode, payload.as_slice()), echoed, "{revision}{query}");
        if revision == "EIO=3" {
            socket.send("2");
            assert_eq!(socket.text(), "3");
            let no_message = [0x82, 0x81, 0, 0, 0, 0, 9];
            socket.write(&no_message);
            assert_eq!(socket.receive(), (CLOSE, Vec::new()));
        }
    }
}

#[test]
fn an_upgrade_takes_a_session_along_and_releases_its_poll() {
    let server = server();
    let session = Old::open(&server, "");
    session.post(TEXT, b"2:4a");
    let path = session.path.replace("=polling", "=websocket");
    let mut socket = WebSocket::open(server.address, &path, &[]);
    socket.send("2probe");
    assert_eq!(socket.text(), "3probe");
    assert_eq!(session.poll().text(), "2:4a");
    assert_eq!(session.poll().text(), "1:6");
    socket.send("5");
    socket.send("4b");
    assert_eq!(socket.text(), "4b");
}
