//! File descriptors run out: nobody new is accepted for a while, and that is all that happens.

use std::fs;
use std::net::TcpStream;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::binary::Parlor;
use crate::support::raw::{connect, get};
use crate::support::session::WebSocket;

const CANDIDATES: usize = 200;

/// Descriptors that this process has open.
fn open_files(parlor: &Parlor) -> u64 {
    let files = fs::read_dir(format!("/proc/{}/fd", parlor.id())).unwrap();
    files.count() as u64
}

/// Lets it open so many more, whatever it asked for at its start.
fn allow(parlor: &Parlor, more: u64) {
    let most = Some(open_files(parlor) + more);
    let limit = Rlimit {
        current: most,
        maximum: most,
    };
    let pid = Pid::from_raw(parlor.id().try_into().unwrap());
    prlimit(pid, Resource::Nofile, limit).unwrap();
}

/// Two people in a room.
fn call(address: std::net::SocketAddr) -> (WebSocket, WebSocket) {
    let come = |role| WebSocket::in_kitchen(address, role);
    (come("created"), come("joined"))
}

#[test]
fn without_file_descriptors_a_call_goes_on_and_who_waited_is_served_when_there_are_some() {
    let arguments = ["--listen", "127.0.0.1:0", "--no-mdns"];
    let (mut parlor, address) = Parlor::start(&arguments, &[]);
    let (mut ana, mut ben) = call(address);
    allow(&parlor, 4);
    // The system takes connections for a listener that does not: all of these succeed.
    let held: Vec<TcpStream> = (0..20).map(|_| connect(address)).collect();
    let warning = parlor.stderr.wait_for("cannot accept connections");
    assert!(warning.is_some(), "{}", parlor.stderr.text());
    for n in 0..CANDIDATES {
        ana.send(&format!("42[\"candidate\",{n},\"kitchen\"]"));
    }
    for n in 0..CANDIDATES {
        assert_eq!(ben.text(), format!("42[\"candidate\",{n}]"));
    }
    drop(held);
    // Waits in the listener's queue until it is accepted again.
    assert_eq!(get(address, "/healthz", &[]).text(), "ok\n");
    ana.send("42[\"candidate\",0,\"kitchen\"]");
    assert_eq!(ben.text(), "42[\"candidate\",0]");
    parlor.signal(rustix::process::Signal::TERM);
    let said = parlor.ended().stderr;
    let warnings = said.matches("cannot accept connections").count();
    assert_eq!(warnings, 1, "{said}");
}
