//! A server that asks for a passcode: where it is from, what is wrong with it, and who gets in.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;

use crate::support::binary::{Parlor, run};
use crate::support::dir::TempDir;
use crate::support::session::{WEBSOCKET, WebSocket};

const LOOPBACK: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The answer to a connect that presents this.
fn told(address: SocketAddr, passcode: &str) -> String {
    let mut socket = WebSocket::open(address, WEBSOCKET, &[]);
    socket.text();
    socket.send(&format!("40{{\"passcode\":\"{passcode}\"}}"));
    socket.text()
}

fn is_in(address: SocketAddr, passcode: &str) -> bool {
    let told = told(address, passcode);
    let refused = told.starts_with("44") && told.contains("\"code\":\"passcode\"");
    assert!(refused || told.starts_with("40"), "{told}");
    !refused
}

/// The arguments of a server with this file.
fn with_file(file: &Path) -> Vec<&str> {
    [&LOOPBACK[..], &["--passcode-file", file.to_str().unwrap()]].concat()
}

fn set_mode(file: &Path, mode: u32) {
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn who_has_the_files_passcode_gets_in() {
    let dir = TempDir::new();
    let file = dir.write("passcode", "open sesame\n");
    let (_parlor, address) = Parlor::start(&with_file(&file), &[]);
    for (passcode, wanted) in [("open sesame", true), ("mustard", false), ("", false)] {
        assert_eq!(is_in(address, passcode), wanted, "{passcode:?}");
    }
}

#[test]
fn without_the_flag_it_is_the_credential_and_with_it_the_flags() {
    let dir = TempDir::new();
    let file = dir.write("file", "flag");
    dir.write("credentials/passcode", "credential\n");
    let directory = dir.path().join("credentials");
    let credentials = [("CREDENTIALS_DIRECTORY", directory.to_str().unwrap())];
    let (_parlor, address) = Parlor::start(&LOOPBACK, &credentials);
    assert!(is_in(address, "credential") && !is_in(address, "flag"));
    let (_parlor, address) = Parlor::start(&with_file(&file), &credentials);
    assert!(is_in(address, "flag") && !is_in(address, "credential"));
    // Other credentials are none of ours.
    let (_parlor, address) = Parlor::start(
        &LOOPBACK,
        &[("CREDENTIALS_DIRECTORY", dir.path().to_str().unwrap())],
    );
    assert!(is_in(address, ""));
}

#[test]
fn a_file_without_a_passcode_is_an_error_that_does_not_repeat_it() {
    let dir = TempDir::new();
    let long = "mustard".repeat(20);
    for (content, why) in [
        (&b""[..], "in its only line"),
        (b"\n", "in its only line"),
        (b"mustard\nseed\n", "control characters"),
        (b"mustard\x07", "control characters"),
        (long.as_bytes(), "128 bytes"),
        (&[b'm'; 5000], "4096 bytes"),
        (b"mustard\xff", "a file of text"),
    ] {
        let file = dir.write("passcode", content);
        let ended = run(&with_file(&file), &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{ended:?}");
        assert!(ended.stderr.starts_with("parlor: --passcode-file: "));
        assert!(ended.stderr.contains(why), "{}", ended.stderr);
        assert!(!ended.stderr.contains("mustard"), "{}", ended.stderr);
    }
    let ended = run(&with_file(&dir.path().join("nothing")), &[]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
}

#[test]
fn a_hangup_has_it_read_again_and_a_mistake_opens_no_door() {
    let dir = TempDir::new();
    let file = dir.write("passcode", "one");
    let (mut parlor, address) = Parlor::start(&with_file(&file), &[]);
    std::fs::write(&file, "two").unwrap();
    parlor.signal(Signal::HUP);
    parlor.stderr.wait_for("read again").unwrap();
    assert!(is_in(address, "two") && !is_in(address, "one"));
    std::fs::write(&file, "").unwrap();
    parlor.signal(Signal::HUP);
    let line = parlor.stderr.wait_for("stays as it was").unwrap();
    assert!(line.contains("WARN"), "{line}");
    assert!(is_in(address, "two") && !is_in(address, ""));
}

#[test]
fn a_file_that_everybody_can_read_is_named() {
    let dir = TempDir::new();
    let file = dir.write("passcode", "sesame");
    for (mode, warned) in [(0o644, true), (0o640, false), (0o600, false)] {
        set_mode(&file, mode);
        let (parlor, _) = Parlor::start(&with_file(&file), &[]);
        parlor.signal(Signal::TERM);
        let log = parlor.ended().stderr;
        assert_eq!(
            log.contains("can read the passcode"),
            warned,
            "{mode:o} {log}"
        );
    }
}

#[test]
fn the_doctor_looks_at_the_file() {
    let dir = TempDir::new();
    for (content, wanted) in [("sesame", "ok       passcode"), ("", "problem  passcode")] {
        let file = dir.write("passcode", content);
        let doctor = run(&[&["doctor"], &with_file(&file)[..]].concat(), &[]);
        let mut lines = doctor.stdout.lines();
        assert!(
            lines.any(|line| line.starts_with(wanted)),
            "{}",
            doctor.stdout
        );
    }
    let doctor = run(&[&["doctor"], &LOOPBACK[..]].concat(), &[]);
    assert!(!doctor.stdout.contains("passcode"), "{}", doctor.stdout);
}

#[test]
fn no_passcode_is_logged_right_or_wrong() {
    let dir = TempDir::new();
    let file = dir.write("passcode", "sesame");
    let arguments = [&with_file(&file)[..], &["--log", "trace"]].concat();
    let (parlor, address) = Parlor::start(&arguments, &[]);
    assert!(is_in(address, "sesame") && !is_in(address, "mustard"));
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert!(
        ended.stderr.contains("a wrong passcode"),
        "{}",
        ended.stderr
    );
    for secret in ["sesame", "mustard"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
        assert!(!ended.stdout.contains(secret), "{}", ended.stdout);
    }
}
