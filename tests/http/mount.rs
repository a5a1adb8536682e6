//! `examples/mount.rs`: Socket.IO beside a service of one's own. The program's accept loop runs
//! here as it is, but for the port.

use std::net::SocketAddr;

use crate::support::raw::{get, send};
use crate::support::session::{POLLING, Polling, WEBSOCKET, WebSocket, upgrade};

#[path = "../../examples/mount.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
mod program;

/// Serves in a thread that ends with the test's process, as the program does with its own.
fn start() -> SocketAddr {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            tell.send(listener.local_addr().unwrap()).unwrap();
            program::serve(listener).await.unwrap();
        });
    });
    told.recv().unwrap()
}

#[test]
fn the_service_answers_what_is_not_the_protocols() {
    let address = start();
    let answer = get(address, "/hello", &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello\n"));
    assert_eq!(get(address, "/socket.io", &[]).status, 404);
    let answer = send(address, &upgrade("/hello", &["Connection: close"]));
    assert_eq!(answer.status, 200);
}

#[test]
fn polling_works_beside_it() {
    let session = Polling::open(start());
    assert_eq!(session.post("40", &[]).text(), "ok");
    assert!(session.poll(&[]).text().starts_with("40{\"sid\":\""));
    assert_eq!(session.post("42[\"hi\",1]", &[]).text(), "ok");
    assert_eq!(session.poll(&[]).text(), "42[\"hi\",1]");
}

#[test]
fn websocket_works_beside_it_and_so_does_an_upgrade() {
    let address = start();
    let mut socket = WebSocket::open(address, WEBSOCKET, &[]);
    assert!(socket.text().starts_with("0{"));
    socket.send("40");
    assert!(socket.text().starts_with("40{"));
    socket.send("42[\"hi\"]");
    assert_eq!(socket.text(), "42[\"hi\"]");
    let session = Polling::open(address);
    let path = format!(
        "{}&sid={}",
        POLLING.replace("polling", "websocket"),
        session.sid
    );
    let mut socket = WebSocket::open(address, &path, &[]);
    socket.send("2probe");
    assert_eq!(socket.text(), "3probe");
    socket.send("5");
    socket.send("40");
    assert!(socket.text().starts_with("40{"));
}
