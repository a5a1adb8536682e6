//! What the service manager is told, and that a server which hangs says nothing.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::process::Signal;

use super::{Manager, value};
use crate::support::binary::{Lines, Parlor, Streams, command, run};
use crate::support::dir::TempDir;
use crate::support::raw::get;

const LOCAL: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[test]
fn it_is_ready_when_its_port_answers_and_says_where() {
    for manager in [Manager::at_a_path(), Manager::new()] {
        let mut parlor = Parlor::spawn(command(&LOCAL), &[manager.variable()]);
        let first = manager.next(Duration::from_secs(30)).expect("a word");
        assert!(first.starts_with("READY=1\n"), "{first}");
        let address = parlor.address();
        assert_eq!(
            value(&first, "STATUS"),
            format!("Open http://{address}/"),
            "{first}"
        );
        assert_eq!(get(address, "/healthz", &[]).status, 200);
    }
}

#[test]
fn it_says_that_it_stops_when_it_is_told_to() {
    let manager = Manager::new();
    let parlor = Parlor::spawn(command(&LOCAL), &[manager.variable()]);
    manager.wait_for("READY=1");
    parlor.signal(Signal::TERM);
    let told = manager.until("STOPPING=1");
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(parlor.ended().code, 0);
}

#[test]
fn a_server_that_cannot_start_is_never_ready() {
    let manager = Manager::new();
    let ended = run(&["--bind", "192.0.2.1"], &[manager.variable()]);
    assert_eq!(ended.code, 1);
    // It has ended, so whatever it said is here.
    assert_eq!(manager.next(Duration::from_millis(1)), None);
}

#[test]
fn files_are_read_again_between_reloading_and_ready() {
    let dir = TempDir::new();
    dir.write("passcode", "first\n");
    let file = dir.path().join("passcode");
    let arguments = [&LOCAL[..], &["--passcode-file", file.to_str().unwrap()]].concat();
    let manager = Manager::new();
    let mut parlor = Parlor::spawn(command(&arguments), &[manager.variable()]);
    manager.wait_for("READY=1");
    for (word, wanted) in [
        ("second\n", "the passcode was read again"),
        ("", "the passcode stays as it was"),
    ] {
        dir.write("passcode", word);
        let before = uptime();
        parlor.signal(Signal::HUP);
        let told = manager.until("READY=1");
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("RELOADING=1\n"), "{told:?}");
        // systemd takes an answer only for a reload that began after it asked.
        let micros: u64 = value(&told[0], "MONOTONIC_USEC").parse().unwrap();
        assert!((before..=uptime()).contains(&micros), "{told:?}");
        assert!(value(&told[1], "STATUS").starts_with("Open http://127.0.0.1:"));
        parlor.stderr.wait_for(wanted).expect(wanted);
    }
    parlor.signal(Signal::TERM);
    let log = parlor.ended().stderr;
    assert!(!log.contains("second"), "{log}");
}

/// The monotonic clock, in microseconds.
fn uptime() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(now.tv_sec * 1_000_000 + now.tv_nsec / 1_000).unwrap()
}

#[test]
fn signs_of_life_keep_coming_while_the_server_lives() {
    let manager = Manager::new();
    let environment = [manager.variable(), ("WATCHDOG_USEC", "20000")];
    let parlor = Parlor::spawn(command(&LOCAL), &environment);
    manager.wait_for("READY=1");
    for _ in 0..20 {
        assert_eq!(manager.wait_for("WATCHDOG=1"), "WATCHDOG=1\n");
    }
    parlor.signal(Signal::TERM);
    assert_eq!(parlor.ended().code, 0);
}

#[test]
fn the_watchdog_of_another_process_is_not_ours() {
    let manager = Manager::new();
    let environment = [
        manager.variable(),
        ("WATCHDOG_USEC", "2000"),
        ("WATCHDOG_PID", "1"),
    ];
    let parlor = Parlor::spawn(command(&LOCAL), &environment);
    manager.wait_for("READY=1");
    // Each of these takes longer than many signs of life would.
    for _ in 0..3 {
        parlor.signal(Signal::HUP);
        let told = manager.until("READY=1");
        assert_eq!(told.len(), 2, "{told:?}");
    }
}

#[test]
fn a_server_that_hangs_gives_no_sign_of_life() {
    // A log that nobody reads is full after a while, as a journal's can be on a card that is worn out.
    // Then a line of it waits for ever, and with it the one thread.
    let (reader, writer) = std::io::pipe().unwrap();
    rustix::pipe::fcntl_setpipe_size(&writer, 4096).unwrap();
    let manager = Manager::new();
    let environment = [manager.variable(), ("WATCHDOG_USEC", "20000")];
    let streams = Streams {
        stderr: writer.into(),
        ..Streams::default()
    };
    let arguments = [&LOCAL[..], &["--log", "trace"]].concat();
    let mut parlor = Parlor::spawn_on(command(&arguments), &environment, streams);
    let address = parlor.address();
    manager.wait_for("READY=1");
    // Two hundred signs of life are missing before this one is taken for dead.
    let silence = Duration::from_secs(2);
    let signs = std::iter::from_fn(|| manager.next(silence))
        .take(10_000)
        .count();
    assert!((1..10_000).contains(&signs), "{signs} signs of life");
    // Somebody reads it after all.
    let mut log = Lines::of(File::from(OwnedFd::from(reader)));
    log.wait_for("the service manager was told").unwrap();
    manager.wait_for("WATCHDOG=1");
    assert_eq!(get(address, "/healthz", &[]).status, 200);
}
