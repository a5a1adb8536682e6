//! The real binary with the features that it was built with: what it has, and what it says of what it
//! lacks. The tests are right for every combination; `scripts/test` runs them with all features and with
//! none.
//!
//! Process tests (see ARCHITECTURE.md, tests).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

use std::io::{Read as _, Write as _};

use support::binary::{Parlor, run};
use support::raw::{connect, get};

#[path = "../support/mod.rs"]
mod support;

const TLS: bool = cfg!(feature = "tls");
const MDNS: bool = cfg!(feature = "mdns");
const METRICS: bool = cfg!(feature = "metrics");

/// Loopback is never announced on, so this is heard by nobody else.
const LOCAL: [&str; 2] = ["--listen", "127.0.0.1:0"];

#[test]
fn the_help_has_what_is_built_in_and_what_is_not_is_said_to_be_missing() {
    let help = run(&["--help"], &[]).stdout;
    for (flag, feature, built) in [
        ("--https-only", "tls", TLS),
        ("--tls-cert", "tls", TLS),
        ("--state-dir", "tls", TLS),
        ("--ca-unconstrained", "tls", TLS),
        ("--name", "mdns", MDNS),
        ("--mdns-interface", "mdns", MDNS),
        ("--metrics-allow", "metrics", METRICS),
    ] {
        assert_eq!(help.contains(&format!(" {flag} ")), built, "{flag}");
        if !built {
            let ended = run(&[flag, "x"], &[]);
            let said = format!(
                "parlor: {flag} is not in this build, which was made without the feature \"{feature}\"\n"
            );
            assert_eq!((ended.code, ended.stderr), (2, said));
            let variable = format!("PARLOR_{}", flag[2..].to_uppercase().replace('-', "_"));
            let ended = run(&[], &[(&variable, "true")]);
            assert!(
                ended
                    .stderr
                    .starts_with(&format!("parlor: {variable} is not in this build"))
            );
            assert_eq!(ended.code, 2);
        }
    }
    assert_eq!(help.contains("  certificate "), TLS);
    if !TLS {
        let ended = run(&["certificate"], &[]);
        assert!(ended.stderr.contains("certificate is not in this build"));
        assert_eq!(ended.code, 2);
    }
}

#[test]
fn a_connection_that_begins_with_tls_gets_an_alert_only_where_there_is_tls() {
    let (_parlor, address) = Parlor::start(&LOCAL, &[]);
    let mut stream = connect(address);
    // A record of a handshake that has no message in it (RFC 8446 section 5.1).
    stream.write_all(&[22, 3, 1, 0, 1, 0]).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer.starts_with(b"HTTP/1.1 400"), !TLS, "{answer:?}");
}

#[test]
fn without_tls_nobody_is_told_of_a_secure_address() {
    let (_parlor, address) = Parlor::start(&LOCAL, &[]);
    let config = get(address, "/config.json", &[]).text();
    assert!(config.contains("\"addresses\""), "{config}");
    if !TLS {
        assert!(!config.contains("https://"), "{config}");
    }
}

#[test]
fn there_are_metrics_where_they_are_built_in_and_readiness_everywhere() {
    let (_parlor, address) = Parlor::start(&LOCAL, &[]);
    let metrics = get(address, "/metrics", &[]);
    assert_eq!(metrics.status, if METRICS { 200 } else { 404 });
    assert_eq!(get(address, "/readyz", &[]).text(), "ok\n");
    assert_eq!(get(address, "/healthz", &[]).text(), "ok\n");
}

#[test]
fn what_asks_for_nothing_that_is_missing_is_taken_by_every_build() {
    let arguments = [&LOCAL[..], &["--http-only", "--no-mdns"]].concat();
    let (_parlor, address) = Parlor::start(&arguments, &[]);
    assert_eq!(get(address, "/readyz", &[]).status, 200);
}
