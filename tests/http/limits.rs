//! Limits over real sockets: how many requests and sessions there may be, and what a call has to
//! fear from those who use up what all share.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use parlor::config::{self, Limits, Protocol};
use parlor::engineio::{CloseReason, Message, Request, SessionKey};
use parlor::hub::{self, Engine};
use parlor::transport::{Edge, Server};

use crate::support::raw::{Answer, LIMIT, connect, get, parse, read, send};
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

/// A server with place for one request, which somebody has taken whose body is on its way.
fn with_a_place_taken() -> (Running, TcpStream) {
    let server = limited(Limits {
        max_requests: 1,
        ..Limits::default()
    });
    let slow = Polling::open(server.address).begin_post();
    (server, slow)
}

#[test]
fn a_request_for_which_there_is_no_place_waits_until_there_is() {
    let (server, mut slow) = with_a_place_taken();
    let mut waits = connect(server.address);
    waits
        .write_all(b"GET /waits HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .unwrap();
    slow.write_all(b"5byte").unwrap();
    assert_eq!(read(slow).status, 200);
    assert_eq!(read(waits).status, 404);
    assert_eq!(server.stats.requests_limited.get(), 0);
}

#[test]
fn a_request_that_waited_for_a_place_in_vain_is_told_to_come_later() {
    let (server, _slow) = with_a_place_taken();
    let mut other = connect(server.address);
    other.write_all(b"GET /other HTTP/1.1\r\n").unwrap();
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
    // What is told to the client of how the connection goes on is what it was before.
    for (version, line, behind, told) in [
        ("1.1", "Connection: keep-alive", "", None),
        ("1.1", "Connection: Close", "", Some("close")),
        ("1.1", "Connection: TE, close", "", Some("close")),
        ("1.1", "Connection: anything", "", None),
        ("1.1", "Content-Length: 4", "body", Some("close")),
        ("1.0", "Connection: keep-alive", "", Some("keep-alive")),
        ("1.0", "X: y", "", None),
    ] {
        let mut waits = connect(server.address);
        session.begin_poll_in(version, &mut waits, &[line], behind);
        assert_eq!(session.post("4hi", &[]).text(), "ok");
        let mut answer = vec![0; 12];
        waits.read_exact(&mut answer).unwrap();
        // Else it might be kept for longer than the test waits.
        waits.shutdown(Shutdown::Write).unwrap();
        waits.read_to_end(&mut answer).unwrap();
        let answer = parse(&answer);
        assert_eq!((answer.status, answer.text().as_str()), (200, "4hi"));
        assert_eq!(answer.header("connection"), told, "{version} {line}");
    }
}

#[test]
fn a_poll_that_waits_behind_an_answer_that_is_slowly_read_gives_its_place_back() {
    let limits = Limits {
        max_requests: 1,
        ..Limits::default()
    };
    let server = Running::of(
        Server::new(Protocol::default(), limits, Default::default(), Much),
        (),
    );
    let session = Polling::open(server.address);
    assert_eq!(session.post("4more", &[]).text(), "ok");
    let poll = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", session.path);
    let mut stream = connect(server.address);
    stream.write_all(poll.repeat(2).as_bytes()).unwrap();
    let mut answer = vec![0; MUCH];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(session.post("4more", &[]).text(), "ok");
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(server.stats.requests_limited.get(), 0);
}

/// Sends more than the system takes for a client that reads nothing, for each message.
struct Much;

const MUCH: usize = 12 * 1024 * 1024;

impl hub::Protocol for Much {
    fn open(&mut self, _: &mut Engine, _: SessionKey, _: Request) {}
    fn message(&mut self, engine: &mut Engine, session: SessionKey, _: Message<'_>) {
        engine.send(session, Message::Text(&"x".repeat(MUCH)));
    }
    fn close(&mut self, _: &mut Engine, _: SessionKey, _: CloseReason) {}
}

#[test]
fn answers_of_polls_that_nobody_reads_stay_within_the_budget() {
    let limits = Limits {
        // Three quarters of it are for clients that hold so much.
        max_buffered_bytes: 3 * MUCH,
        ..Limits::default()
    };
    let server = Running::of(
        Server::new(Protocol::default(), limits, Default::default(), Much),
        (),
    );
    let session = Polling::open(server.address);
    let mut unread = Vec::new();
    for answers in 1..=2 {
        assert_eq!(session.post("4more", &[]).text(), "ok");
        let mut stream = connect(server.address);
        let poll = format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", session.path);
        stream.write_all(poll.as_bytes()).unwrap();
        let mut status = [0; 15];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200 OK");
        assert!(server.stats.buffered() > answers * MUCH);
        unread.push(stream);
    }
    assert_eq!(session.post("4more", &[]).text(), "ok");
    assert_eq!(server.stats.budget_exhausted.get(), 1);
    assert!(server.stats.buffered() <= 3 * MUCH);
    session.expect_gone();
    // The first is read to its end on a connection that is kept, the other given up.
    let mut read = vec![0; MUCH];
    unread[0].read_exact(&mut read).unwrap();
    wait_until(&server, |server| server.stats.buffered() < 2 * MUCH);
    unread.pop();
    wait_until(&server, |server| server.stats.buffered() == 0);
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

/// One text frame of any length below 64 KiB.
fn frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    let head = [0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0];
    [&head[..], text.as_bytes()].concat()
}

/// Asks until the server is as it should be.
fn wait_until(server: &Running, is: impl Fn(&Running) -> bool) {
    let end = Instant::now() + LIMIT;
    while !is(server) {
        assert!(Instant::now() < end, "{} bytes", server.stats.buffered());
        get(server.address, "/nothing", &[]);
    }
}

#[test]
fn beside_64_slow_bodies_of_the_largest_size_a_call_is_set_up_and_loses_nothing() {
    let limits = Limits {
        // The call comes from the same address.
        max_connections_per_address: 200,
        max_handshake_rate: 1000,
        // As much as the bodies are, of which they may have three quarters.
        max_buffered_bytes: 8 << 20,
        ..Limits::room_server()
    };
    let most = limits.max_buffered_bytes;
    let config = config::Parlor {
        protocol: Protocol {
            max_payload_bytes: 128 * 1024,
            ..Protocol::default()
        },
        limits,
        max_rooms: 10,
        ..config::Parlor::default()
    };
    let server = Running::of(parlor::process::room_server(config).unwrap(), ());
    let length = format!("Content-Length: {}", 128 * 1024);
    let slow: Vec<_> = (0..64)
        .map(|_| {
            let session = Polling::open(server.address);
            let mut stream = connect(server.address);
            stream
                .write_all(&session.post_bytes("4", &[&length]))
                .unwrap();
            // But for the last byte; who finds no room for it is refused before its end.
            let _ = stream.write_all(&[b'x'; 128 * 1024 - 2]);
            stream
        })
        .collect();
    wait_until(&server, |server| server.stats.budget_exhausted.get() > 0);
    let mut ana = WebSocket::in_kitchen(server.address, "created");
    let mut ben = WebSocket::in_kitchen(server.address, "joined");
    let sdp = "v".repeat(8_000);
    let offer = frame(&format!("42[\"offer\",\"{sdp}\",\"kitchen\"]"));
    for piece in offer.chunks(1_000) {
        ana.write(piece);
    }
    assert_eq!(ben.text(), format!("42[\"offer\",\"{sdp}\"]"));
    for n in 0..200 {
        ben.send(&format!("42[\"candidate\",{n},\"kitchen\"]"));
    }
    for n in 0..200 {
        assert_eq!(ana.text(), format!("42[\"candidate\",{n}]"));
    }
    let held = server.stats.buffered();
    assert!(held > most / 2 && held <= most, "{held} bytes");
    drop(slow);
    // What is left is what the server remembers of the sessions.
    wait_until(&server, |server| server.stats.buffered() < most / 8);
}
