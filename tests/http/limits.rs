//! Limits that one meets before a session does: how many requests and sessions there may be.

use std::io::{Read as _, Write as _};

use parlor::config::{Limits, Protocol};
use parlor::transport::{Edge, Server};

use crate::support::raw::{Answer, connect, get, read, send};
use crate::support::server::{Echo, Running};
use crate::support::session::{POLLING, Polling, WEBSOCKET, WebSocket, sid, upgrade};

fn limited(limits: Limits) -> Running {
    let (settings, edge) = (Protocol::default(), Edge::default());
    let server = Server::with_edge(settings, limits, Default::default(), Echo::default(), edge);
    Running::of(server, ())
}

fn expect_full(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.must("retry-after"), "5");
    assert_eq!(answer.text(), "The server is full, try again later");
}

#[test]
fn a_request_for_which_there_is_no_place_waits_until_there_is() {
    let server = limited(Limits {
        max_requests: 1,
        ..Limits::default()
    });
    let mut slow = connect(server.address);
    slow.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\nconnection: close\r\n")
        .unwrap();
    let mut waits = connect(server.address);
    waits
        .write_all(b"GET /waits HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .unwrap();
    slow.write_all(b"\r\n").unwrap();
    assert_eq!(read(slow).status, 404);
    assert_eq!(read(waits).status, 404);
    assert_eq!(server.stats.requests_limited.get(), 0);
}

#[test]
fn a_request_that_waited_for_a_place_in_vain_is_told_to_come_later() {
    let server = limited(Limits {
        max_requests: 1,
        ..Limits::default()
    });
    let mut slow = connect(server.address);
    slow.write_all(b"GET /slow HTTP/1.1\r\n").unwrap();
    let mut other = connect(server.address);
    other.write_all(b"GET /other HTTP/1.1\r\n").unwrap();
    // Sooner than the first, which has ten seconds for the rest of its head.
    expect_full(&read(other));
    assert_eq!(server.stats.requests_limited.get(), 1);
}

#[test]
fn sockets_and_polls_that_wait_take_no_place_from_requests() {
    let server = limited(Limits {
        max_requests: 1,
        ..Limits::default()
    });
    let mut socket = WebSocket::open(server.address, WEBSOCKET, &[]);
    socket.text();
    let session = Polling::open(server.address);
    let mut waits = connect(server.address);
    session.begin_poll_on(&mut waits, &["Connection: keep-alive"], "");
    assert_eq!(session.post("4hi", &[]).text(), "ok");
    let mut status = [0; 15];
    waits.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200 OK");
}

#[test]
fn sessions_that_say_nothing_are_bounded_and_who_speaks_makes_room() {
    let server = limited(Limits {
        max_waiting_sessions: 2,
        ..Limits::default()
    });
    let first = Polling::open(server.address);
    Polling::open(server.address);
    expect_full(&get(server.address, POLLING, &[]));
    let mut socket = connect(server.address);
    socket.write_all(&upgrade(WEBSOCKET, &[])).unwrap();
    expect_full(&read(socket));
    assert_eq!(server.stats.sessions_limited.get(), 2);
    assert_eq!(first.post("4hi", &[]).text(), "ok");
    sid(&get(server.address, POLLING, &[]));
}

#[test]
fn an_address_has_no_more_sessions_than_connections() {
    let server = limited(Limits {
        max_connections_per_address: 3,
        ..Limits::default()
    });
    let sessions: Vec<_> = (0..3).map(|_| Polling::open(server.address)).collect();
    let answer = get(server.address, POLLING, &[]);
    assert_eq!(
        (answer.status, answer.must("retry-after")),
        (429, "5"),
        "{answer:?}"
    );
    assert_eq!(answer.text(), "Too many connections, try again later");
    assert_eq!(sessions[0].post("1", &[]).text(), "ok");
    sid(&get(server.address, POLLING, &[]));
}

#[test]
fn a_head_over_the_limit_is_refused_and_counted() {
    let server = limited(Limits::default());
    let mut head = b"GET / HTTP/1.1\r\nX: ".to_vec();
    // No more than is read, or the answer could be lost with what is not.
    head.resize(16 * 1024, b'x');
    assert_eq!(send(server.address, &head).status, 431);
    get(server.address, "/", &[]);
    assert_eq!(server.stats.heads_limited.get(), 1);
}
