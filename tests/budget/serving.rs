//! What the room server holds for clients over real sockets, and what it allocates when it relays
//! between two of them. The server runs on the thread of the test, whose allocations are counted;
//! the clients are on another one.
//!
//! Bytes are those that were asked for and not given back. An allocator rounds up and adds its own,
//! 8 to 16 bytes an allocation, and what the kernel holds for a socket is in no process: the
//! benchmark tells what a whole process takes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::SystemTime;

use allocation_counter::{AllocationInfo, measure};
use parlor::config::{self, Limits};
use parlor::http::{Security, bind, server};
use parlor::tls::{Names, Tls};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::support::raw::{connect, get, parse};
use crate::support::session::{POLLING, WEBSOCKET, WebSocket, upgrade};

/// Clients of one measurement; tables that double are nearly full with them.
const CLIENTS: usize = 120;

/// What Chromium sends with each request.
const CHROMIUM: [&str; 11] = [
    "Pragma: no-cache",
    "Cache-Control: no-cache",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
     Chrome/140.0.0.0 Safari/537.36",
    "Origin: http://parlor.local:4000",
    "Referer: http://parlor.local:4000/",
    "Accept: */*",
    "Accept-Encoding: gzip, deflate",
    "Accept-Language: en-GB,en-US;q=0.9,en;q=0.8",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "DNT: 1",
    "Sec-GPC: 1",
];

/// Files are few: one test at a time has its clients.
static TURN: Mutex<()> = Mutex::new(());

/// A room server that works while [`House::during`] waits.
struct House {
    runtime: Runtime,
    address: SocketAddr,
    _turn: MutexGuard<'static, ()>,
}

impl House {
    fn start(security: Security) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let limits = Limits {
            max_connections_per_address: 10_000,
            max_handshake_rate: 100_000,
            max_event_rate: 100_000,
            ..Limits::room_server()
        };
        let config = config::Parlor {
            limits,
            max_rooms: 1024,
            workers: 1,
            ..Default::default()
        };
        let server = parlor::process::room_server(config).unwrap();
        let listeners = bind::bind(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let never = std::future::pending();
        runtime.spawn(server::serve_with(listeners, security, server, (), never));
        Self {
            runtime,
            address,
            _turn: turn,
        }
    }

    /// Serves while these clients are busy; gives what they return, and what the server allocated.
    fn during<R: Send>(&self, busy: impl FnOnce() -> R + Send) -> (R, AllocationInfo) {
        let (done, finished) = oneshot::channel();
        thread::scope(|scope| {
            let clients = scope.spawn(move || {
                let result = busy();
                let _ = done.send(());
                result
            });
            let measured = measure(|| _ = self.runtime.block_on(finished));
            (clients.join().unwrap(), measured)
        })
    }

    /// The server has seen what was sent and closed before: it answers requests that came later.
    fn settle(address: SocketAddr) {
        for _ in 0..3 {
            assert_eq!(get(address, "/nothing", &[]).status, 404);
        }
    }

    /// Bytes for each of many idle clients, and how many are left of the third crowd that came and
    /// went. Two came before it: caches with a bound are full.
    fn idle<C: Send>(&self, enter: impl Fn(SocketAddr) -> C + Sync) -> (i64, i64) {
        let address = self.address;
        let crowd = || {
            let crowd: Vec<C> = (0..CLIENTS).map(|_| enter(address)).collect();
            Self::settle(address);
            crowd
        };
        let leave = |crowd: Vec<C>| {
            drop(crowd);
            Self::settle(address);
        };
        self.during(|| leave(vec![enter(address)]));
        let (first, held) = self.during(crowd);
        self.during(|| leave(first));
        self.during(|| leave(crowd()));
        let (_, left) = self.during(|| leave(crowd()));
        (held.bytes_current / CLIENTS as i64, left.bytes_current)
    }
}

/// In the main namespace, over any stream.
fn join<S: Read + Write>(stream: S) -> WebSocket<S> {
    let mut socket = WebSocket::over(stream, &upgrade(WEBSOCKET, &CHROMIUM));
    assert!(socket.text().starts_with("0{"));
    socket.send("40");
    assert!(socket.text().starts_with("40{"));
    socket
}

fn websocket(address: SocketAddr) -> WebSocket {
    join(connect(address))
}

/// A request on a connection that is kept.
fn ask(stream: &mut TcpStream, method: &str, path: &str, body: &str) {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: parlor.local:4000\r\n");
    for line in CHROMIUM {
        text.push_str(line);
        text.push_str("\r\n");
    }
    if method == "POST" {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    stream
        .write_all(format!("{text}\r\n{body}").as_bytes())
        .unwrap();
}

/// The body of the next answer.
fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let head = parse(&bytes);
    assert_eq!(head.status, 200, "{head:?}");
    let mut body = vec![0; head.must("content-length").parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

/// In the main namespace, with a poll that waits on a connection of its own.
fn polling(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    ask(&mut stream, "GET", POLLING, "");
    let open = answer(&mut stream);
    let sid = open.split('"').nth(3).unwrap();
    let path = format!("{POLLING}&sid={sid}");
    ask(&mut stream, "POST", &path, "40");
    assert_eq!(answer(&mut stream), "ok");
    ask(&mut stream, "GET", &path, "");
    assert!(answer(&mut stream).starts_with("40{"));
    ask(&mut stream, "GET", &path, "");
    stream
}

/// With an answer behind it, and no request since.
fn kept(address: SocketAddr) -> TcpStream {
    let mut stream = connect(address);
    ask(&mut stream, "GET", POLLING, "");
    let open = answer(&mut stream);
    let sid = open.split('"').nth(3).unwrap();
    ask(&mut stream, "POST", &format!("{POLLING}&sid={sid}"), "1");
    assert_eq!(answer(&mut stream), "ok");
    stream
}

/// A client that trusts the server's authority.
fn trusting(tls: &Tls) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = tls.served().authority.clone().unwrap();
    let der = CertificateDer::from(authority.der.to_vec());
    roots.add(der).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn expect(what: &str, most: i64, (held, left): (i64, i64)) {
    assert!(held <= most, "{what}: {held} bytes, more than {most}");
    assert!(left <= 0, "{what}: {left} bytes are left of those who went");
}

#[test]
fn an_idle_websocket_client_takes_a_kilobyte_and_leaves_none() {
    let house = House::start(Security::Plain);
    expect("a WebSocket", 1_100, house.idle(websocket));
}

#[test]
fn an_idle_polling_client_takes_three_kilobytes_and_leaves_none() {
    let house = House::start(Security::Plain);
    expect("a poll that waits", 3_500, house.idle(polling));
}

#[test]
fn a_connection_between_two_requests_takes_two_kilobytes_and_leaves_none() {
    let house = House::start(Security::Plain);
    expect("a kept connection", 2_300, house.idle(kept));
}

#[test]
fn an_idle_client_over_tls_takes_what_rustls_takes_and_little_more() {
    let names = Names::default();
    let tls = Tls::open(&config::Tls::default(), None, &names, SystemTime::now()).unwrap();
    let house = House::start(Security::Both(tls.acceptor()));
    let client = trusting(&tls);
    let over_tls = |address| {
        let name = ServerName::try_from("localhost").unwrap();
        let session = ClientConnection::new(Arc::clone(&client), name).unwrap();
        join(StreamOwned::new(session, connect(address)))
    };
    let (held, left) = house.idle(over_tls);
    // The cache of sessions that can be resumed is full, of others than before.
    expect("a WebSocket over TLS", 5_000, (held, left / 4096));
}

#[test]
fn a_candidate_passes_from_socket_to_socket_without_an_allocation() {
    let house = House::start(Security::Plain);
    let address = house.address;
    let sent = "42[\"candidate\",{\"candidate\":\"candidate:1 1 UDP\"},\"kitchen\"]";
    let received = "42[\"candidate\",{\"candidate\":\"candidate:1 1 UDP\"}]";
    let relay = |one: &mut WebSocket, two: &mut WebSocket| {
        for _ in 0..1000 {
            one.send(sent);
            assert_eq!(two.text(), received);
        }
    };
    let (mut call, _) = house.during(|| {
        let mut call = [websocket(address), websocket(address)];
        for (person, said) in call.iter_mut().zip(["42[\"created\"]", "42[\"joined\"]"]) {
            person.send("42[\"join\",\"kitchen\"]");
            assert_eq!(person.text(), said);
        }
        let [one, two] = &mut call;
        relay(one, two);
        call
    });
    let [one, two] = &mut call;
    let ((), measured) = house.during(|| relay(one, two));
    assert_eq!(measured.count_total, 0, "{measured:?}");
}
