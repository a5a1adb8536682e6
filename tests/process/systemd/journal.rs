//! Logs as the journal takes them, where standard error is the journal's.

use std::process::Command;

use rustix::process::Signal;

use crate::output::ask_in_colour;
use crate::support::binary::{PATH, Parlor, command, run};

const LOCAL: [&str; 2] = ["--listen", "127.0.0.1:0"];

/// The server with standard error named as systemd does.
fn journaled(arguments: &[&str]) -> Command {
    let mut shell = Command::new("/bin/sh");
    let script = r#"JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$0" "$@""#;
    shell.args(["-c", script, PATH]).args(arguments);
    shell
}

#[test]
fn lines_for_the_journal_have_a_priority_and_no_time() {
    let arguments = [&LOCAL[..], &["--log", "trace", "--no-mdns", "--name=den"]].concat();
    let mut parlor = Parlor::spawn(journaled(&arguments), &[]);
    let address = parlor.address();
    ask_in_colour(address);
    parlor.signal(Signal::TERM);
    let ended = parlor.ended();
    assert_eq!(ended.code, 0);
    let mut priorities: Vec<_> = ended
        .stderr
        .lines()
        .map(|line| {
            let (priority, text) = line.split_at(3);
            assert!(text.starts_with("parlor::"), "{line}");
            priority
        })
        .collect();
    priorities.sort_unstable();
    priorities.dedup();
    // A setting that changes nothing is warned of.
    assert_eq!(priorities, ["<4>", "<6>", "<7>"], "{}", ended.stderr);
    let listening = format!("<6>parlor::process: listening address={address}");
    assert!(ended.stderr.lines().any(|line| line == listening));
    assert!(!ended.stderr.contains('\x1b'));
    // The banner is for people, there too.
    assert!(ended.stdout.starts_with("Parlor is ready."));
}

#[test]
fn the_last_words_of_a_server_that_cannot_run_are_an_error_there() {
    let ended = Parlor::spawn(journaled(&["--bind", "192.0.2.1"]), &[]).ended();
    assert_eq!(ended.code, 1);
    let line = ended.stderr.lines().last().unwrap();
    assert!(
        line.starts_with("<3>parlor: cannot listen on 192.0.2.1"),
        "{line}"
    );
    let ended = Parlor::spawn(journaled(&["--port", "x"]), &[]).ended();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.starts_with("<3>parlor: "), "{ended:?}");
}

#[test]
fn what_goes_elsewhere_looks_as_usual_though_the_variable_is_there() {
    for stream in ["1:1", "journal", ""] {
        let parlor = Parlor::spawn(command(&LOCAL), &[("JOURNAL_STREAM", stream)]);
        drop(ended_early(parlor, stream));
        let ended = run(&["--bind", "192.0.2.1"], &[("JOURNAL_STREAM", stream)]);
        assert!(ended.stderr.starts_with("parlor: "), "{ended:?}");
    }
}

/// Its log, once it listens.
fn ended_early(mut parlor: Parlor, stream: &str) -> String {
    let line = parlor.stderr.wait_for("listening").unwrap();
    let (time, rest) = line.split_once(' ').unwrap();
    assert!(
        time.ends_with('Z') && time.contains('T'),
        "{stream}: {line}"
    );
    assert!(rest.trim_start().starts_with("INFO parlor"), "{line}");
    line
}
