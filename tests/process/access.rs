//! Who may talk to the server, as its settings say, and what the log says of who may not.

use std::net::SocketAddr;

use rustix::process::Signal;

use crate::support::binary::Parlor;
use crate::support::raw::send;

const LOOPBACK: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The status of a GET by this name, from a page of this origin if there is one.
fn status(address: SocketAddr, host: &str, origin: Option<&str>) -> u16 {
    let origin = origin.map_or_else(String::new, |origin| format!("Origin: {origin}\r\n"));
    let text =
        format!("GET /config.json HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: close\r\n\r\n");
    send(address, text.as_bytes()).status
}

#[test]
fn names_and_origins_are_let_in_by_flags_and_by_variables() {
    let flags = [
        &LOOPBACK[..],
        &["--allow-host=den.lan", "--allow-host", "Study.lan."],
    ]
    .concat();
    let variables = [("PARLOR_ALLOW_ORIGIN", "https://a.example,https://b.example")];
    let (_parlor, address) = Parlor::start(&flags, &variables);
    for (host, origin, wanted) in [
        ("den.lan", None, 200),
        ("study.lan:80", None, 200),
        ("attic.lan", None, 403),
        ("den.lan", Some("https://a.example"), 200),
        ("den.lan", Some("https://b.example"), 200),
        ("den.lan", Some("https://c.example"), 403),
    ] {
        assert_eq!(status(address, host, origin), wanted, "{host} {origin:?}");
    }
}

#[test]
fn the_machine_goes_by_its_own_name() {
    let node = rustix::system::uname();
    let whole = node.nodename().to_str().unwrap();
    let name = whole.split('.').next().unwrap();
    // Another one than the machine's is announced.
    let announced = if name == "parlor" { "den" } else { "parlor" };
    let flags = [&LOOPBACK[..], &["--name", announced]].concat();
    let (_parlor, address) = Parlor::start(&flags, &[]);
    let (local, whole) = match name {
        "localhost" => (name.to_owned(), name),
        name => (format!("{name}.local:4000"), whole),
    };
    for host in [name, &local, whole, "localhost"] {
        assert_eq!(status(address, host, None), 200, "{host}");
    }
    // Nothing is announced on the loopback.
    let announced = format!("{announced}.local");
    assert_eq!(status(address, &announced, None), 403);
}

#[test]
fn a_flood_of_refusals_is_one_line_that_names_the_flag() {
    let (parlor, address) = Parlor::start(&LOOPBACK, &[]);
    // No flag would let this in, so it is not the line.
    assert_eq!(status(address, "a b", None), 400);
    for _ in 0..50 {
        assert_eq!(status(address, "rebound.example", None), 403);
        assert_eq!(status(address, "localhost", Some("null")), 403);
    }
    parlor.signal(Signal::TERM);
    let log = parlor.ended().stderr;
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("was refused"))
        .collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert!(lines[0].contains("--allow-host rebound.example"), "{log}");
    assert!(log.contains("refused=101"), "{log}");
}
