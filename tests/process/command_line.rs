//! Help, and what is said about wrong values: one line, exit code 2, nothing on standard output.

use crate::support::binary::run;
use crate::support::dir::TempDir;

const FLAGS: [&str; 37] = [
    "--port",
    "--bind",
    "--listen",
    "--https-only",
    "--http-only",
    "--trusted-proxy",
    "--allow-host",
    "--allow-origin",
    "--passcode-file",
    "--metrics-allow",
    "--state-dir",
    "--tls-cert",
    "--tls-key",
    "--ca-unconstrained",
    "--name",
    "--mdns-interface",
    "--no-mdns",
    "--public",
    "--csp",
    "--client-dir",
    "--ice-server",
    "--turn-url",
    "--turn-secret-file",
    "--log",
    "--workers",
    "--ping-interval",
    "--ping-timeout",
    "--seat-hold",
    "--allow-eio3",
    "--max-connections",
    "--max-connections-per-address",
    "--max-handshake-rate",
    "--max-event-rate",
    "--max-rooms",
    "--max-payload",
    "--max-buffered-bytes",
    "--help",
];

#[test]
fn help_names_every_flag_and_its_variable() {
    let help = run(&["--help"], &[]);
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    // Long lines are wrapped, so a variable may stand on the next one.
    let words = help.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for flag in FLAGS {
        assert!(help.stdout.contains(&format!("{flag} ")), "{flag}");
        if flag != "--help" {
            let variable = format!(
                "PARLOR_{}",
                flag.trim_start_matches("--")
                    .replace('-', "_")
                    .to_uppercase()
            );
            assert!(words.contains(&format!("[env: {variable}")), "{variable}");
        }
    }
    // The list above is whole: no other flag is in the help.
    let flags = help.stdout.lines().filter_map(|line| {
        line.trim_start()
            .trim_start_matches("-h, ")
            .strip_prefix("--")
    });
    for flag in flags {
        let name = format!("--{}", flag.split(' ').next().unwrap());
        assert!(FLAGS.contains(&name.as_str()), "{name} has no test");
    }
    for heading in [
        "Commands:",
        "Listening:",
        "Access:",
        "Certificate:",
        "Name:",
        "Page:",
        "Running:",
        "Limits:",
        "Examples:",
    ] {
        assert!(help.stdout.contains(heading), "{heading}");
    }
}

#[test]
fn short_help_and_version_are_answers_too() {
    assert_eq!(run(&["-h"], &[]).stdout, run(&["--help"], &[]).stdout);
    let version = run(&["--version"], &[]);
    assert_eq!(version.code, 0);
    assert_eq!(
        version.stdout,
        format!("parlor {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn help_does_not_repeat_a_password_from_the_environment() {
    let help = run(
        &["--help"],
        &[("PARLOR_ICE_SERVER", "turn:ann:hunter2@host")],
    );
    assert!(!help.stdout.contains("hunter2"));
}

/// One line on standard error with all these parts, exit code 2.
fn refused(arguments: &[&str], environment: &[(&str, &str)], parts: &[&str]) {
    let ended = run(arguments, environment);
    assert_eq!(ended.code, 2, "{arguments:?} {ended:?}");
    assert_eq!(ended.stdout, "", "{arguments:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("parlor: "), "{}", ended.stderr);
    for part in parts {
        assert!(
            ended.stderr.contains(part),
            "{part:?} is not in {}",
            ended.stderr
        );
    }
}

#[test]
fn a_wrong_value_names_flag_value_and_range() {
    for (flag, value, range) in [
        ("--port", "65536", "from 0 to 65535"),
        ("--port", "http", "from 0 to 65535"),
        ("--bind", "localhost", "an IP address"),
        ("--listen", "127.0.0.1", "ADDR:PORT"),
        ("--name", "parlor.local", "without .local"),
        ("--trusted-proxy", "proxy", "an IP address or a network"),
        (
            "--allow-host",
            "calls.example:80",
            "without scheme and port",
        ),
        ("--allow-host", "192.168.1.20", "a name"),
        (
            "--allow-origin",
            "https://pages.example/",
            "without a slash",
        ),
        ("--allow-origin", "null", "an origin"),
        ("--log", "loud", "error, warn, info, debug or trace"),
        ("--workers", "0", "from 1 to 64"),
        ("--workers", "65", "from 1 to 64"),
        ("--ping-interval", "25", "from 100ms to 60m"),
        ("--ping-timeout", "2h", "from 100ms to 60m"),
        ("--seat-hold", "120", "from 100ms to 60m"),
        ("--seat-hold", "-1", "or 0 for none"),
        ("--max-connections", "0", "from 1 to 1000000"),
        ("--max-connections-per-address", "-1", "from 1 to 1000000"),
        ("--max-handshake-rate", "0.5", "from 1 to 1000000"),
        ("--max-event-rate", "many", "from 1 to 1000000"),
        ("--max-rooms", "0", "from 1 to 1000000"),
        ("--max-payload", "1", "from 1KiB to 64MiB"),
        ("--max-buffered-bytes", "2GiB", "from 64KiB to 1GiB"),
        ("--ice-server", "http://x", "stun:HOST[:PORT]"),
        ("--csp", "a\nb", "one line"),
        (
            "--public",
            "/no/such/directory",
            "a directory that can be read",
        ),
        ("--client-dir", "/no/such/directory", "socket.io-client"),
    ] {
        refused(
            &[&format!("{flag}={value}")],
            &[],
            &[flag, &format!("{value:?}"), range],
        );
    }
}

#[test]
fn a_wrong_value_from_the_environment_names_the_variable() {
    refused(
        &[],
        &[("PARLOR_PORT", "abc")],
        &["PARLOR_PORT", "\"abc\"", "from 0 to 65535"],
    );
    refused(
        &[],
        &[("PARLOR_ALLOW_EIO3", "maybe")],
        &["PARLOR_ALLOW_EIO3", "\"maybe\"", "true or false"],
    );
    refused(
        &[],
        &[("PARLOR_LISTEN", "127.0.0.1:0,here")],
        &["PARLOR_LISTEN", "\"here\"", "ADDR:PORT"],
    );
    refused(
        &[],
        &[("PARLOR_LISTEN", "[::]:1"), ("PARLOR_PORT", "2")],
        &["PARLOR_LISTEN", "PARLOR_PORT"],
    );
}

#[test]
fn an_unknown_flag_gets_a_suggestion() {
    refused(
        &["--prot", "80"],
        &[],
        &["\"--prot\" is not an option", "--port"],
    );
    refused(
        &["--frobnicate"],
        &[],
        &["\"--frobnicate\" is not an option", "parlor --help"],
    );
    refused(&["serve"], &[], &["'serve'"]);
}

#[test]
fn incomplete_and_contradicting_flags_are_told_in_one_line() {
    refused(&["--port"], &[], &["--port needs a value"]);
    refused(&["--port", "1", "--port", "2"], &[], &["--port"]);
    refused(
        &["--listen", "127.0.0.1:0", "--bind", "::1"],
        &[],
        &["--listen cannot be used with"],
    );
    refused(
        &["--max-payload=2MiB", "--max-buffered-bytes=1MiB"],
        &[],
        &["--max-payload", "--max-buffered-bytes"],
    );
}

#[test]
fn a_password_is_not_repeated_in_an_error() {
    let ended = run(&["--ice-server", "turn:ann:secret@host:x"], &[]);
    assert!(
        ended.code == 2 && !ended.stderr.contains("secret"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_client_of_no_known_version_is_not_served() {
    let dir = TempDir::new();
    dir.write("socket.io.min.js", "alert(1)");
    let path = dir.path().to_str().unwrap();
    refused(&["--client-dir", path], &[], &["--client-dir", "version"]);
    refused(&[], &[("PARLOR_CLIENT_DIR", path)], &["version"]);
}

#[test]
fn a_file_is_no_public_directory() {
    let dir = TempDir::new();
    let file = dir.write("file", "x");
    refused(
        &["--public", file.to_str().unwrap()],
        &[],
        &["--public", "a directory"],
    );
}
