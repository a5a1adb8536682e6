//! TLS and plain HTTP on one port, seen from a client: requests, WebSockets, slow readers, and
//! what a reverse proxy says about its clients.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock};

use hyper::{HeaderMap, Method, Response, Uri};
use parlor::config::{Limits, Network, Protocol};
use parlor::http::{Body, Fallback, Security};
use parlor::transport::{Edge, Peer, Server};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned, crypto};

use crate::support::raw::{Answer, connect, eventually, get, parse, request, send};
use crate::support::server::{Echo, Running};
use crate::support::session::{POLLING, Polling, WEBSOCKET, WebSocket, sid, upgrade};

type Tls = StreamOwned<ClientConnection, TcpStream>;

/// One certificate for all tests, for both sides.
fn configs() -> &'static (Arc<ServerConfig>, Arc<ClientConfig>) {
    static CONFIGS: OnceLock<(Arc<ServerConfig>, Arc<ClientConfig>)> = OnceLock::new();
    CONFIGS.get_or_init(|| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (Arc::new(server), Arc::new(client))
    })
}

fn both() -> Security {
    Security::Both(Arc::clone(&configs().0))
}

fn only() -> Security {
    Security::Only(Arc::clone(&configs().0))
}

fn tls(address: SocketAddr) -> Tls {
    let name = ServerName::try_from("localhost").unwrap();
    let session = ClientConnection::new(Arc::clone(&configs().1), name).unwrap();
    StreamOwned::new(session, connect(address))
}

/// Says who asks.
struct Who;

impl Fallback for Who {
    async fn respond(&self, peer: Peer, _: &Method, _: &Uri, _: &HeaderMap) -> Response<Body> {
        Response::new(Body::full(format!("{} {}", peer.address, peer.secure)))
    }
}

fn start(security: Security, edge: Edge) -> Running {
    let (settings, limits) = (Protocol::default(), Limits::default());
    let server = Server::with_edge(settings, limits, Arc::default(), Echo::default(), edge);
    Running::speaking(security, server, Who)
}

fn start_both() -> Running {
    start(both(), Edge::default())
}

/// A request over TLS, which ends its connection.
fn ask(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = tls(address);
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    parse(&answer)
}

fn head(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").into_bytes()
}

#[test]
fn one_port_speaks_both_and_knows_which() {
    let server = start_both();
    let plain = get(server.address, "/", &[]);
    assert_eq!(plain.text(), "127.0.0.1 false");
    let secure = ask(server.address, &head("/"));
    assert_eq!(secure.text(), "127.0.0.1 true");
}

#[test]
fn polling_works_over_tls() {
    let server = start_both();
    let sid = sid(&ask(server.address, &head(POLLING)));
    let path = format!("{POLLING}&sid={sid}");
    let post = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 6\r\n\r\n4hello"
    );
    assert_eq!(ask(server.address, post.as_bytes()).text(), "ok");
    assert_eq!(ask(server.address, &head(&path)).text(), "4hello");
}

#[test]
fn a_websocket_over_tls_echoes_what_came_with_its_upgrade_and_after() {
    let server = start_both();
    let mut bytes = upgrade(WEBSOCKET, &[]);
    bytes.extend_from_slice(b"\x81\x86\0\0\0\x004early");
    let mut socket = WebSocket::over(tls(server.address), &bytes);
    assert!(socket.text().starts_with("0{"));
    assert_eq!(socket.text(), "4early");
    for n in 0..100 {
        socket.send(&format!("4{n}"));
        assert_eq!(socket.text(), format!("4{n}"));
    }
    socket.send("4long");
    assert_eq!(socket.text().len(), 2001);
}

#[test]
fn messages_of_many_records_pass_in_order_both_ways() {
    let server = start_both();
    let mut socket = WebSocket::over(tls(server.address), &upgrade(WEBSOCKET, &[]));
    socket.text();
    let frame = |n: u32| {
        let text = format!("4{n:07}{}", "x".repeat(60_000));
        let mut frame = vec![0x81, 0xfe];
        frame.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(text.as_bytes());
        frame
    };
    for n in 0..20 {
        socket.write(&frame(n));
    }
    for n in 0..20 {
        let text = socket.text();
        assert_eq!((text.len(), &text[1..8]), (60_008, &*format!("{n:07}")));
    }
}

/// What is sent to somebody who does not read is kept, counted, and all there when they do; what
/// TLS holds of it is counted too.
#[test]
fn a_slow_reader_gets_everything_and_nothing_is_left_of_it() {
    let server = start_both();
    let mut socket = WebSocket::over(tls(server.address), &upgrade(WEBSOCKET, &[]));
    socket.text();
    let mut sent = 0;
    // More than the sockets' buffers can take, so that the server has to keep some.
    while server.stats.buffered() == 0 {
        socket.send("4long");
        sent += 1;
        assert!(sent < 100_000, "the system takes all there is");
    }
    for _ in 0..sent {
        assert_eq!(socket.text().len(), 2001);
    }
    socket.send("4done");
    assert_eq!(socket.text(), "4done");
    assert_eq!(server.stats.buffered(), 0);
}

#[test]
fn a_closed_websocket_says_goodbye_in_both_layers() {
    let server = start_both();
    let mut stream = tls(server.address);
    stream.write_all(&upgrade(WEBSOCKET, &[])).unwrap();
    // A close frame of one's own, status 1000.
    stream
        .write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
        .unwrap();
    let mut all = Vec::new();
    // rustls reports an end without close_notify as an error.
    stream.read_to_end(&mut all).unwrap();
    assert!(all.ends_with(&[0x88, 2, 0x03, 0xe8]), "{all:?}");
}

#[test]
fn garbage_ends_its_own_connection_only() {
    let server = start_both();
    let mut socket = WebSocket::over(tls(server.address), &upgrade(WEBSOCKET, &[]));
    socket.text();
    let mut broken = connect(server.address);
    broken
        .write_all(b"\x16\x03\x01\0\x05hello and more")
        .unwrap();
    // An alert, or the end.
    let _ = broken.read_to_end(&mut Vec::new());
    let mut silent = connect(server.address);
    silent.write_all(b"\x16").unwrap();
    socket.send("4still here");
    assert_eq!(socket.text(), "4still here");
    assert_eq!(server.stats.welcomes_failed.get(), 1);
}

#[test]
fn a_wire_that_is_tampered_with_ends_the_session() {
    let server = start_both();
    let mut stream = tls(server.address);
    stream.write_all(&upgrade(WEBSOCKET, &[])).unwrap();
    let mut socket = connect(server.address);
    // A record that nobody encrypted, on the TCP connection below.
    stream
        .sock
        .write_all(b"\x17\x03\x03\0\x20abcdefghijklmnopqrstuvwxyz012345")
        .unwrap();
    let mut all = Vec::new();
    let ended = stream.read_to_end(&mut all);
    assert!(ended.is_err(), "an alert: {ended:?}");
    socket.write_all(&head("/")).unwrap();
    assert_eq!(crate::support::raw::read(socket).status, 200);
}

/// The first `sent` bytes of a record of 16 KiB, on the TCP connection below.
fn begin_record(socket: &mut WebSocket<Tls>, sent: usize) {
    let mut record = b"\x17\x03\x03\x40\x00".to_vec();
    record.resize(sent, 0);
    socket.stream.sock.write_all(&record).unwrap();
}

#[test]
fn records_that_do_not_end_are_counted_and_bounded_for_all_together() {
    let limits = Limits {
        max_buffered_bytes: 20_000,
        ..Limits::default()
    };
    let echo = Echo::default();
    let server = Server::new(Protocol::default(), limits, Arc::default(), echo);
    let server = Running::speaking(both(), server, Who);
    let open = || {
        let mut socket = WebSocket::over(tls(server.address), &upgrade(WEBSOCKET, &[]));
        socket.text();
        socket
    };
    let (mut one, mut two, mut three) = (open(), open(), open());
    begin_record(&mut one, 10_000);
    eventually(|| server.stats.buffered() == 10_000);
    begin_record(&mut two, 12_000);
    let mut rest = Vec::new();
    let _ = two.stream.read_to_end(&mut rest);
    assert_eq!(server.stats.budget_exhausted.get(), 1);
    three.send("4still here");
    assert_eq!(three.text(), "4still here");
    drop(one);
    eventually(|| server.stats.buffered() == 0);
}

#[test]
fn https_only_sends_plain_http_there() {
    let server = start(only(), Edge::default());
    let answer = get(server.address, "/a?b", &[]);
    assert_eq!(answer.status, 307);
    assert_eq!(
        answer.must("location"),
        format!("https://{}/a?b", server.address)
    );
    assert_eq!(answer.must("cache-control"), "no-store");
    assert_eq!(answer.header("strict-transport-security"), None);
    assert_eq!(
        request(server.address, "POST", POLLING, &["Content-Length: 0"]).status,
        403
    );
    assert_eq!(send(server.address, &upgrade(WEBSOCKET, &[])).status, 307);
    assert_eq!(ask(server.address, &head("/")).text(), "127.0.0.1 true");
}

#[test]
fn a_trusted_proxy_is_believed_and_nobody_else() {
    let lines = ["X-Forwarded-For: 192.168.1.5", "X-Forwarded-Proto: https"];
    let edge =
        |trusted: &str| Edge::default().trusted_proxies(vec![Network::parse(trusted).unwrap()]);
    let server = start(Security::Plain, edge("127.0.0.0/8"));
    assert_eq!(get(server.address, "/", &lines).text(), "192.168.1.5 true");
    let server = start(Security::Plain, edge("192.168.1.1"));
    assert_eq!(get(server.address, "/", &lines).text(), "127.0.0.1 false");
}

/// Each client has its own rate of handshakes, however many come through one proxy.
#[test]
fn behind_a_proxy_each_client_is_counted_by_its_own_address() {
    let limits = Limits {
        max_handshake_rate: 1,
        max_connections_per_address: 10,
        ..Limits::default()
    };
    let edge = Edge::default().trusted_proxies(vec![Network::parse("127.0.0.1").unwrap()]);
    let settings = Protocol::default();
    let server = Server::with_edge(settings, limits, Arc::default(), Echo::default(), edge);
    let server = Running::of(server, ());
    let from = |address: &str| {
        let line = format!("X-Forwarded-For: {address}");
        get(server.address, POLLING, &[&line]).status
    };
    // As many connections as one address may have, from the same address below.
    let _others: Vec<_> = (0..10).map(|_| connect(server.address)).collect();
    let first: Vec<_> = (0..11).map(|_| from("192.168.1.5")).collect();
    assert_eq!(first[..10], [200; 10]);
    assert_eq!(first[10], 429);
    assert_eq!(from("192.168.1.6"), 200);
}

#[test]
fn a_polling_session_is_upgraded_over_tls() {
    let server = start_both();
    let session = Polling::open(server.address);
    let path = format!("{WEBSOCKET}&sid={}", session.sid);
    let mut socket = WebSocket::over(tls(server.address), &upgrade(&path, &[]));
    socket.send("2probe");
    assert_eq!(socket.text(), "3probe");
    socket.send("5");
    socket.send("4moved");
    assert_eq!(socket.text(), "4moved");
}
