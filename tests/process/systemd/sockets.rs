//! Sockets that the service manager made: which are served, and which are an error.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::Command;

use rustix::process::Signal;

use super::Manager;
use crate::support::binary::{PATH, Parlor, Streams};
use crate::support::raw::{LIMIT, get};

/// The server with these arguments, given descriptor 3, which is the shell's standard input.
fn activated(arguments: &[&str]) -> Command {
    shell("exec 3<&0 0</dev/null", arguments)
}

/// The same, with descriptor 4, which is the shell's standard output; the banner goes to the log.
fn activated_twice(arguments: &[&str]) -> Command {
    shell("exec 3<&0 4>&1 0</dev/null 1>&2", arguments)
}

fn shell(places: &str, arguments: &[&str]) -> Command {
    let mut shell = Command::new("/bin/sh");
    let script = format!(r#"{places}; LISTEN_PID=${{PID-$$}} exec "$0" "$@""#);
    shell.args(["-c", &script, PATH]).args(arguments);
    shell
}

fn spawn(command: Command, environment: &[(&str, &str)], socket: impl Into<OwnedFd>) -> Parlor {
    let streams = Streams {
        stdin: socket.into().into(),
        ..Streams::default()
    };
    Parlor::spawn_on(command, environment, streams)
}

fn listener(address: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

const ONE: (&str, &str) = ("LISTEN_FDS", "1");

#[test]
fn an_inherited_socket_is_served_and_nothing_else_is_bound() {
    let (socket, address) = listener("127.0.0.1:0");
    let mut parlor = spawn(activated(&[]), &[ONE], socket);
    assert_eq!(parlor.address(), address);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert_eq!(ended.code, 0);
    assert_eq!(ended.stderr.matches("listening").count(), 1, "{ended:?}");
}

#[test]
fn several_sockets_are_served() {
    let (first, one) = listener("127.0.0.1:0");
    let (second, two) = listener("127.0.0.2:0");
    let streams = Streams {
        stdin: OwnedFd::from(first).into(),
        stdout: OwnedFd::from(second).into(),
        ..Streams::default()
    };
    let environment = [("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "parlor:parlor-web")];
    let mut parlor = Parlor::spawn_on(activated_twice(&[]), &environment, streams);
    for address in [one, two] {
        let line = parlor.stderr.wait_for("listening").unwrap();
        assert!(line.contains(&address.to_string()), "{line}");
    }
    for address in [one, two] {
        assert_eq!(get(address, "/healthz", &[]).status, 200);
    }
}

#[test]
fn connections_of_a_restart_are_answered_by_the_next_server() {
    let (socket, address) = listener("127.0.0.1:0");
    let manager = Manager::new();
    let environment = [ONE, manager.variable()];
    let first = spawn(activated(&[]), &environment, socket.try_clone().unwrap());
    manager.wait_for("READY=1");
    first.signal(Signal::TERM);
    assert_eq!(first.ended().code, 0);
    // Nobody serves; more than one waits.
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect_timeout(&address, LIMIT).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            let request = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            stream.write_all(request).unwrap();
            stream
        })
        .collect();
    let _second = spawn(activated(&[]), &environment, socket);
    for mut stream in asked {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    }
}

#[test]
fn addresses_that_are_asked_for_are_bound_beside_it_and_its_own_not_twice() {
    let (socket, address) = listener("127.0.0.1:0");
    let own = address.to_string();
    let arguments = ["--listen", &own, "--listen", "127.0.0.2:0"];
    let mut parlor = spawn(activated(&arguments), &[ONE], socket);
    let (first, second) = (parlor.address(), parlor.address());
    assert_eq!(
        (first, second.ip().to_string().as_str()),
        (address, "127.0.0.2")
    );
    for one in [first, second] {
        assert_eq!(get(one, "/healthz", &[]).status, 200);
    }
}

#[test]
fn one_address_is_refused_beside_a_socket_for_all_of_them() {
    let (socket, address) = listener("0.0.0.0:0");
    let port = address.port().to_string();
    let arguments = ["--bind", "127.0.0.1", "--port", &port];
    let ended = spawn(activated(&arguments), &[ONE], socket).ended();
    assert_eq!(ended.code, 1);
    let wanted = format!("cannot listen on 127.0.0.1:{port} beside 0.0.0.0:{port}, a socket that");
    assert!(ended.stderr.contains(&wanted), "{ended:?}");
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let (socket, address) = listener("127.0.0.1:0");
    let environment = [ONE, ("PID", "1")];
    let command = activated(&["--listen", "127.0.0.2:0"]);
    let mut parlor = spawn(command, &environment, socket);
    let own = parlor.address();
    assert_ne!(own.ip(), address.ip());
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert_eq!(ended.code, 0);
    assert!(!ended.stderr.contains(&address.to_string()), "{ended:?}");
}

#[test]
fn what_is_no_listening_tcp_socket_is_named_in_an_error() {
    let (listening, address) = listener("127.0.0.1:0");
    let connected = TcpStream::connect(address).unwrap();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (unix, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let name = ("LISTEN_FDNAMES", "parlor");
    for (socket, wanted) in [
        (
            OwnedFd::from(connected),
            "it does not listen (with Accept=yes",
        ),
        (datagrams.into(), "fd 3 is not a valid tcp socket"),
        (unix.into(), "fd 3 is not a valid tcp socket"),
    ] {
        let ended = spawn(activated(&[]), &[ONE, name], socket).ended();
        assert_eq!(ended.code, 1, "{ended:?}");
        let which = "cannot serve socket 1 of 1 from the service manager, \"parlor\": ";
        let line = ended.stderr.lines().last().unwrap();
        assert!(line.contains(which) && line.contains(wanted), "{line}");
    }
    let more = listening.try_clone().unwrap();
    let ended = spawn(activated(&[]), &[("LISTEN_FDS", "2"), name], more).ended();
    assert_eq!(ended.code, 1);
    let wanted = "socket 2 of 2 from the service manager, \"unknown\": fd 4 is not a socket";
    assert!(ended.stderr.contains(wanted), "{ended:?}");
    let ended = spawn(activated(&[]), &[("LISTEN_FDS", "2000000000")], listening).ended();
    assert_eq!(ended.code, 1);
    let wanted = "LISTEN_FDS is 2000000000: more than 64 sockets are not taken";
    assert!(ended.stderr.contains(wanted), "{ended:?}");
}
