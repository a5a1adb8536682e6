//! `/readyz`: when the server lets new connections in, and when it says that it does not.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};

use crate::support::binary::Parlor;
use crate::support::raw::{LIMIT, connect, get};
use crate::support::session::Polling;

/// A connection on which one asks again and again, since who cannot come in learns nothing.
struct Asker(BufReader<TcpStream>);

impl Asker {
    fn new(address: SocketAddr) -> Self {
        Self(BufReader::new(connect(address)))
    }

    /// Status and text.
    fn ask(&mut self, path: &str) -> (u16, String) {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        self.0.get_mut().write_all(head.as_bytes()).unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "it ended");
            let line = line.trim_end();
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    /// Asks for as long as it is ready; what it says then.
    fn until_it_is_not_ready(&mut self) -> (u16, String) {
        let end = Instant::now() + LIMIT;
        loop {
            let answer = self.ask("/readyz");
            if answer.0 != 200 {
                return answer;
            }
            assert!(Instant::now() < end, "it stays ready");
        }
    }
}

#[test]
fn a_server_that_accepts_connections_is_ready() {
    let (_parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &[]);
    let answer = get(address, "/readyz", &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
    assert_eq!(answer.must("cache-control"), "no-store");
}

#[test]
fn a_server_that_stops_says_so_to_who_is_connected_and_is_still_alive() {
    let (mut parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &[]);
    // A client between two polls, for which the server waits.
    let _polling = Polling::open(address);
    let mut asker = Asker::new(address);
    assert_eq!(asker.ask("/readyz"), (200, "ok\n".to_owned()));
    parlor.signal(Signal::TERM);
    parlor.stderr.wait_for("stopping").unwrap();
    let answer = asker.until_it_is_not_ready();
    assert_eq!(answer, (503, "stopping\n".to_owned()));
}

#[test]
fn a_server_without_file_descriptors_is_not_ready_until_it_has_some() {
    let (parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0"], &[]);
    let mut asker = Asker::new(address);
    assert_eq!(asker.ask("/readyz").0, 200);
    let pid = Pid::from_raw(i32::try_from(parlor.id()).unwrap());
    let maximum = getrlimit(Resource::Nofile).maximum;
    let allow = |current| {
        let current = Some(current);
        prlimit(pid, Resource::Nofile, Rlimit { current, maximum }).unwrap();
    };
    // What is open stays so.
    allow(0);
    let waiting = connect(address);
    let answer = asker.until_it_is_not_ready();
    assert_eq!(answer, (503, "paused\n".to_owned()));
    assert_eq!(asker.ask("/healthz").0, 200);
    allow(256);
    let mut later = Asker(BufReader::new(waiting));
    assert_eq!(later.ask("/readyz"), (200, "ok\n".to_owned()));
}
