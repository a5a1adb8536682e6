//! An application that panics, over real sockets: its client's connection ends, and nobody else's.
//! What it had emitted, and in which callbacks it may happen, is in `src/hub/tests/panics.rs`.

use std::sync::Arc;

use parlor::config::{Limits, Protocol};
use parlor::hub::SocketIo;
use parlor::socketio::{Application, Argument, Event, Io};
use parlor::transport::Server;

use crate::support::raw::get;
use crate::support::server::Running;
use crate::support::session::{POLLING, Polling, WEBSOCKET, WebSocket};

/// Echoes, but for one event that it does not survive.
struct Fragile;

impl Application for Fragile {
    fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
        assert_ne!(event.name, "panic", "asked to panic");
        let args: Vec<&dyn Argument> = Vec::new();
        io.emit(event.socket, event.name, &args).unwrap();
    }
}

fn start() -> Running {
    let (settings, limits) = (Protocol::default(), Limits::default());
    let server = Server::new(settings, limits, Arc::default(), SocketIo::new(Fragile));
    Running::of(server, ())
}

fn joined(server: &Running) -> WebSocket {
    let mut socket = WebSocket::open(server.address, WEBSOCKET, &[]);
    assert!(socket.text().starts_with("0{"));
    socket.send("40");
    assert!(socket.text().starts_with("40{"));
    socket
}

#[test]
fn a_handler_that_panics_ends_one_connection_and_the_server_goes_on() {
    let server = start();
    let mut other = joined(&server);
    let polling = Polling::open(server.address);
    polling.post("40", &[]);
    polling.poll(&[]);
    for panics in 1..=3 {
        let mut unlucky = joined(&server);
        unlucky.send("42[\"panic\"]");
        assert_eq!(unlucky.receive(), (0x88, Vec::new()), "a close frame");
        assert_eq!(server.stats.panics.get(), panics);
        other.send("42[\"still here\"]");
        assert_eq!(other.text(), "42[\"still here\"]");
    }
    assert_eq!(polling.post("42[\"too\"]", &[]).text(), "ok");
    assert_eq!(polling.poll(&[]).text(), "42[\"too\"]");
    // Over polling it is one session that ends as well.
    polling.post("42[\"panic\"]", &[]);
    assert_eq!(polling.poll(&[]).text(), "6\u{1e}1");
    polling.expect_gone();
    assert_eq!(server.stats.panics.get(), 4);
    other.send("42[\"and here\"]");
    assert_eq!(other.text(), "42[\"and here\"]");
    assert_eq!(
        get(server.address, POLLING, &[]).status,
        200,
        "and new ones"
    );
}
