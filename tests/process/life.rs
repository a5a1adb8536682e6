//! Starting and stopping: settings that arrive, ports that are taken, signals, exit codes.

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::binary::{PATH, Parlor, run};
use crate::support::dir::TempDir;
use crate::support::raw::{connect, get};

const LOCAL: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[test]
fn the_banner_names_an_address_that_answers() {
    let (_parlor, address) = Parlor::start(&LOCAL, &[]);
    assert_eq!(get(address, "/healthz", &[]).text(), "ok\n");
    assert!(get(address, "/", &[]).text().contains("<html"));
    assert!(
        get(address, "/config.json", &[])
            .text()
            .starts_with(r#"{"iceServers":[],"name":"#)
    );
}

#[test]
fn several_threads_serve_as_one_does() {
    let (parlor, address) = Parlor::start(&["--listen", "127.0.0.1:0", "--workers", "2"], &[]);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().code, 0);
}

#[test]
fn every_setting_may_come_from_the_environment() {
    let dir = TempDir::new();
    dir.write("index.html", "mine");
    let public = dir.path().to_str().unwrap();
    let (_parlor, address) = Parlor::start(
        &[],
        &[
            ("PARLOR_PORT", "0"),
            ("PARLOR_BIND", "127.0.0.1"),
            ("PARLOR_PUBLIC", public),
            ("PARLOR_CSP", "default-src 'self'"),
            ("PARLOR_ICE_SERVER", "stun:10.0.0.1,stun:10.0.0.2"),
            ("PARLOR_LOG", "warn"),
            ("PARLOR_WORKERS", "2"),
            ("PARLOR_MAX_PAYLOAD", "1MiB"),
        ],
    );
    let page = get(address, "/", &[]);
    assert_eq!(page.text(), "mine");
    assert_eq!(page.must("content-security-policy"), "default-src 'self'");
    let servers = r#"[{"urls":"stun:10.0.0.1"},{"urls":"stun:10.0.0.2"}]"#;
    assert!(get(address, "/config.json", &[]).text().contains(servers));
}

#[test]
fn a_flag_wins_over_a_variable() {
    let environment = [
        ("PARLOR_PORT", "not a port"),
        ("PARLOR_LISTEN", "192.0.2.1:1"),
        ("PARLOR_BIND", "192.0.2.1"),
    ];
    let (_parlor, address) = Parlor::start(&["--bind", "127.0.0.1", "--port", "0"], &environment);
    assert!(address.ip().is_loopback());
    let (_other, address) = Parlor::start(
        &LOCAL,
        &[("PARLOR_PORT", "1"), ("PARLOR_BIND", "192.0.2.1")],
    );
    assert!(address.ip().is_loopback() && address.port() != 1);
}

#[test]
fn a_port_in_use_says_so_and_what_to_try() {
    let (_first, address) = Parlor::start(&LOCAL, &[]);
    let second = run(&["--listen", &address.to_string()], &[]);
    assert_eq!(second.code, 1);
    assert_eq!(second.stdout, "");
    let port = address.port();
    let wanted = format!(
        "port {port} is in use: another Parlor may be running; stop it or choose another with --port\n"
    );
    assert!(second.stderr.ends_with(&wanted), "{}", second.stderr);
}

#[test]
fn the_wildcard_port_in_use_by_ipv4_alone_says_so_too() {
    let taken = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(&["--port", &port], &[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains(&format!("port {port} is in use")),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_address_of_another_machine_says_what_to_try() {
    let ended = run(&["--bind", "192.0.2.1"], &[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.contains("does not have the address 192.0.2.1"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_signal_stops_it_at_once_with_exit_code_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let (parlor, address) = Parlor::start(&LOCAL, &[]);
        // An idle connection must not hold it back.
        let _idle = connect(address);
        let asked = Instant::now();
        parlor.signal(signal);
        let ended = parlor.ended();
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{:?}",
            asked.elapsed()
        );
        assert!(ended.stderr.contains("stopping"), "{}", ended.stderr);
        drop(TcpListener::bind(address).unwrap());
    }
}

#[test]
fn a_restart_on_the_same_port_needs_no_wait() {
    let (first, address) = Parlor::start(&LOCAL, &[]);
    assert_eq!(get(address, "/healthz", &[]).status, 200);
    first.signal(Signal::TERM);
    assert_eq!(first.ended().code, 0);
    let (_second, again) = Parlor::start(&["--listen", &address.to_string()], &[]);
    assert_eq!(again, address);
}

#[test]
fn it_listens_on_every_address_that_is_listed() {
    let (mut parlor, first) =
        Parlor::start(&["--listen", "127.0.0.1:0", "--listen", "127.0.0.2:0"], &[]);
    let second = parlor.address();
    assert_ne!(first.ip(), second.ip());
    assert_eq!(get(first, "/healthz", &[]).status, 200);
    assert_eq!(get(second, "/healthz", &[]).status, 200);
}

#[test]
fn it_takes_as_many_files_as_its_connections_need() {
    let mut shell = Command::new("/bin/sh");
    shell.args([
        "-c",
        r#"ulimit -Sn 256 && exec "$0" --listen 127.0.0.1:0 --max-connections 500"#,
        PATH,
    ]);
    let mut parlor = Parlor::spawn(shell, &[]);
    parlor.stdout.wait_for("http://").unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", parlor.id())).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let soft: u64 = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!((500..1000).contains(&soft), "{line}");
}

#[test]
fn too_few_files_are_told_once() {
    let mut shell = Command::new("/bin/sh");
    shell.args([
        "-c",
        r#"ulimit -n 256 && exec "$0" --listen 127.0.0.1:0"#,
        PATH,
    ]);
    let mut parlor = Parlor::spawn(shell, &[]);
    let line = parlor.stderr.wait_for("too few open files").unwrap();
    assert!(line.contains("allowed=256"), "{line}");
}
