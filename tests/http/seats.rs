//! Which end of a WebSocket is a goodbye, and which leaves a seat to come back to.

use std::net::SocketAddr;

use parlor::config;

use crate::support::server::Running;
use crate::support::session::{WEBSOCKET, WebSocket};

/// Somebody who sits in this room, by their key if they have one.
fn seated(address: SocketAddr, auth: &str, room: &str) -> WebSocket {
    let mut socket = WebSocket::open(address, WEBSOCKET, &[]);
    assert!(socket.text().starts_with('0'));
    socket.send(&format!("40{auth}"));
    assert!(socket.text().starts_with("40{"));
    socket.send(&format!("42[\"join\",\"{room}\"]"));
    assert!(socket.text().starts_with("42["));
    socket
}

/// What the other person is told when somebody with a key ends like this.
fn told(server: &Running, room: &str, end: impl FnOnce(WebSocket)) -> String {
    let auth = "{\"seat\":\"5ea75ea75ea75ea75ea75ea75ea75ea7\"}";
    let one = seated(server.address, auth, room);
    let mut other = seated(server.address, "", room);
    end(one);
    other.text()
}

/// A close frame, masked with nothing.
fn close(code: Option<u16>) -> Vec<u8> {
    let code: Vec<u8> = code.into_iter().flat_map(u16::to_be_bytes).collect();
    let length = u8::try_from(code.len()).unwrap();
    let mut frame = vec![0x88, 0x80 | length, 0, 0, 0, 0];
    frame.extend(code);
    frame
}

#[test]
fn a_close_frame_is_a_goodbye_unless_its_code_says_that_something_went_wrong() {
    let server = Running::start(config::Site::default());
    for (code, want) in [
        (None, "leave"),
        (Some(1000), "leave"),
        (Some(1001), "leave"),
        (Some(1002), "peer-away"),
        (Some(1007), "peer-away"),
        (Some(1009), "peer-away"),
        (Some(1011), "peer-away"),
        (Some(3000), "peer-away"),
        (Some(4999), "peer-away"),
        // May not be sent, so it is a mistake.
        (Some(1005), "peer-away"),
    ] {
        let told = told(&server, &format!("{code:?}"), |mut socket| {
            socket.write(&close(code));
            let (opcode, _) = socket.receive();
            assert_eq!(opcode, 0x88, "{code:?}");
        });
        assert_eq!(told, format!("42[\"{want}\"]"), "{code:?}");
    }
}

#[test]
fn a_connection_that_ends_without_a_close_frame_is_lost() {
    let server = Running::start(config::Site::default());
    assert_eq!(told(&server, "ended", drop), "42[\"peer-away\"]");
    // Nothing comes after half a close frame.
    let half = told(&server, "half", |mut socket| {
        socket.write(&close(Some(1000))[..7]);
    });
    assert_eq!(half, "42[\"peer-away\"]");
    let broken = told(&server, "broken", |mut socket| {
        socket.write(&[0x81, 1, b'1']);
        socket.receive();
    });
    assert_eq!(broken, "42[\"peer-away\"]");
}

#[test]
fn a_close_packet_is_a_goodbye() {
    let server = Running::start(config::Site::default());
    let told = told(&server, "kitchen", |mut socket| socket.send("1"));
    assert_eq!(told, "42[\"leave\"]");
}
