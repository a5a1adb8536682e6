//! What is written where: the banner on standard output, logs on standard error, plain when piped.

use crate::support::binary::{Parlor, Unread, command};
use crate::support::dir::TempDir;
use crate::support::raw::{get, send};
use crate::support::session::{WEBSOCKET, WebSocket};
use rustix::process::Signal;
use std::net::SocketAddr;

#[test]
fn the_banner_lists_what_others_open_before_localhost() {
    // Without a name nothing is announced on the network that the test runs in.
    let (parlor, address) = Parlor::start(&["--port", "0", "--no-mdns"], &[]);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    let mut lines = ended.stdout.lines();
    // How many addresses there are depends on the machine.
    let first = lines.next().unwrap();
    assert!(first.starts_with("Parlor is ready. Open "), "{first}");
    assert!(first.ends_with(" or another one on your network:"));
    let urls: Vec<_> = lines.filter_map(|line| line.strip_prefix("  ")).collect();
    let (local, others) = urls.split_last().unwrap();
    assert_eq!(*local, format!("http://localhost:{}/", address.port()));
    for url in others {
        assert!(
            url.starts_with("https://") && url.ends_with(&format!(":{}/", address.port())),
            "{url}"
        );
        assert!(
            !url.contains("[fe80") && !url.contains("127.0.0.1"),
            "{url}"
        );
    }
}

#[test]
fn standard_output_has_the_banner_and_nothing_else() {
    let (parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0", "--log", "trace"], &[]);
    assert_eq!(get(address, "/", &[]).status, 200);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert_eq!(
        ended.stdout,
        format!("Parlor is ready. Open this on this machine:\n  http://{address}/\n")
    );
    assert!(
        ended.stderr.contains("listening") && ended.stderr.contains(" INFO "),
        "{}",
        ended.stderr
    );
}

/// Asks for something with a control character in its name, which is refused.
pub(crate) fn ask_in_colour(address: SocketAddr) {
    let request = b"GET /\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(send(address, request).status, 400);
}

#[test]
fn piped_logs_have_no_colour_and_no_control_characters() {
    let (parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0", "--log", "trace"], &[]);
    assert_eq!(get(address, "/%1b%5b31mred", &[]).status, 404);
    ask_in_colour(address);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
}

#[test]
fn the_level_decides_what_is_logged() {
    let (parlor, _) = Parlor::start(&["--listen", "127.0.0.1:0", "--log", "error"], &[]);
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().stderr, "");
    let levels = "error,parlor::process=info";
    let (parlor, _) = Parlor::start(&["--listen", "127.0.0.1:0", "--log", levels], &[]);
    parlor.signal(Signal::TERM);
    assert!(parlor.ended().stderr.contains("listening"));
}

#[test]
fn a_password_is_not_logged() {
    let server = "turn:ann:secret@10.0.0.1";
    let (parlor, address) = Parlor::start(
        &[
            "--listen",
            "127.0.0.1:0",
            "--log",
            "trace",
            "--ice-server",
            server,
        ],
        &[],
    );
    assert!(
        get(address, "/config.json", &[]).text().contains("secret"),
        "the page needs it"
    );
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert!(!ended.stderr.contains("secret") && !ended.stdout.contains("secret"));
}

#[test]
fn the_id_of_a_session_is_not_logged_though_an_old_client_calls_its_socket_by_it() {
    let arguments = ["--listen", "127.0.0.1:0", "--log", "trace", "--allow-eio3"];
    let (parlor, address) = Parlor::start(&arguments, &[]);
    let path = WEBSOCKET.replace("EIO=4", "EIO=3");
    let mut socket = WebSocket::open(address, &path, &[]);
    let open = socket.text();
    let sid = open.split('"').nth(3).unwrap();
    assert_eq!(socket.text(), "40");
    socket.send("42[\"join\",\"kitchen\"]");
    assert!(socket.text().starts_with("42[\"created\""));
    drop(socket);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert!(ended.stderr.contains("room created"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(sid), "{}", ended.stderr);
}

#[test]
fn the_official_client_is_served_from_a_directory() {
    let dir = TempDir::new();
    let script = "/*!\n * Socket.IO v4.8.4\n */\n";
    dir.write("socket.io.min.js", script);
    let arguments = ["--listen", "127.0.0.1:0", "--client-dir"];
    let arguments = [&arguments[..], &[dir.path().to_str().unwrap()]].concat();
    let (_parlor, address) = Parlor::start(&arguments, &[]);
    let answer = get(address, "/socket.io/socket.io.min.js", &[]);
    assert_eq!((answer.status, answer.text().as_str()), (200, script));
    assert_eq!(answer.must("etag"), "\"4.8.4\"");
    assert_eq!(get(address, "/socket.io/socket.io.js", &[]).status, 400);
}

#[test]
fn it_runs_on_when_nobody_reads_its_banner() {
    let arguments = ["--listen", "127.0.0.1:0"];
    let mut parlor = Parlor::spawn_with(command(&arguments), &[], Unread::Stdout);
    let line = parlor.stderr.wait_for("listening").unwrap();
    let address = line
        .split("address=")
        .nth(1)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().code, 0);
}

#[test]
fn it_runs_on_when_nobody_reads_its_logs() {
    let arguments = ["--listen", "127.0.0.1:0", "--log", "trace"];
    let mut parlor = Parlor::spawn_with(command(&arguments), &[], Unread::Stderr);
    let address = parlor.address();
    for _ in 0..3 {
        assert_eq!(get(address, "/healthz", &[]).status, 200);
    }
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().code, 0);
}

#[test]
fn help_that_nobody_reads_is_no_failure() {
    assert_eq!(
        Parlor::spawn_with(command(&["--help"]), &[], Unread::Stdout)
            .ended()
            .code,
        0
    );
    assert_eq!(
        Parlor::spawn_with(command(&["--port=x"]), &[], Unread::Stderr)
            .ended()
            .code,
        2
    );
}

#[test]
fn a_setting_that_changes_nothing_is_named_without_its_value() {
    let arguments = ["--listen=127.0.0.1:0", "--no-mdns", "--name=den", "--csp=x"];
    let (parlor, _) = Parlor::start(&arguments, &[("PARLOR_PASWORD", "hunter2")]);
    parlor.signal(Signal::TERM);
    let log = parlor.ended().stderr;
    let warnings: Vec<_> = log.lines().filter(|line| line.contains(" WARN ")).collect();
    assert_eq!(warnings.len(), 3, "{log}");
    for (line, words) in warnings.iter().zip([
        "\"PARLOR_PASWORD\" is the variable of no setting",
        "--csp changes nothing without --public",
        "--name changes nothing with --no-mdns",
    ]) {
        assert!(line.contains(words), "{line}");
    }
    assert!(!log.contains("hunter2"), "{log}");
}
