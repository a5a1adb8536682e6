//! `parlor certificate`: the real binary beside what the library says.

use std::time::SystemTime;

use crate::rig::{State, home, openssl, path};
use crate::support::binary::{Ended, run};

fn certificate(state: &State, more: &[&str]) -> Ended {
    let directory = state.file("");
    // Port 0: no server that happens to run here is asked.
    let settings = ["--state-dir", path(&directory), "--listen", "127.0.0.1:0"];
    let mut arguments = [&["certificate"], &settings[..]].concat();
    arguments.extend(more);
    run(&arguments, &[])
}

#[test]
fn without_a_certificate_it_says_how_to_get_one() {
    let state = State::new();
    for more in [&[][..], &["--renew"]] {
        let ended = certificate(&state, more);
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (1, ""),
            "{}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains("start parlor once"),
            "{}",
            ended.stderr
        );
    }
    assert!(!state.file("").exists());
}

#[test]
fn it_shows_what_a_server_would_serve() {
    let state = State::new();
    let served = state.open(&home(), SystemTime::now()).served();
    let ended = certificate(&state, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let authority = served.authority.as_ref().unwrap();
    for wanted in [
        served.fingerprint.as_str(),
        &authority.fingerprint,
        &authority.name,
        "parlor.local",
        "192.168.1.20",
        "(395 days left)",
        "parlor-ca.crt",
    ] {
        assert!(
            ended.stdout.contains(wanted),
            "{wanted} in {}",
            ended.stdout
        );
    }
}

#[test]
fn renewing_makes_another_one_for_the_same_names() {
    let state = State::new();
    let now = SystemTime::now();
    let tls = state.open(&home(), now);
    let before = tls.served();
    let ended = certificate(&state, &["--renew"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        !ended.stdout.contains(&before.fingerprint),
        "{}",
        ended.stdout
    );
    assert!(tls.refresh(&home(), now).unwrap());
    let after = tls.served();
    assert!(
        ended.stdout.contains(&after.fingerprint),
        "{}",
        ended.stdout
    );
    assert_eq!(
        (&after.dns, &after.addresses),
        (&before.dns, &before.addresses)
    );
    assert_eq!(after.authority, before.authority);
}

#[test]
fn an_own_certificate_is_shown_but_not_renewed() {
    let state = State::new();
    state.open(&home(), SystemTime::now());
    let (chain, key) = (state.beside("chain.pem"), state.beside("key.pem"));
    openssl(&[
        "req",
        "-x509",
        "-nodes",
        "-days",
        "30",
        "-subj",
        "/CN=x",
        "-addext",
        "subjectAltName=DNS:meet.example",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-keyout",
        path(&key),
        "-out",
        path(&chain),
    ]);
    let own = ["--tls-cert", path(&chain), "--tls-key", path(&key)];
    let ended = certificate(&state, &own);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(
        ended.stdout.contains("meet.example") && ended.stdout.contains("your own"),
        "{}",
        ended.stdout
    );
    let ended = certificate(&state, &[&own[..], &["--renew"]].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""));
    assert!(
        ended.stderr.contains("renew it where it comes from"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_key_of_another_certificate_is_a_wrong_setting() {
    let state = State::new();
    let served = state.open(&home(), SystemTime::now());
    drop(served);
    let (chain, key) = (state.file("server.pem"), state.file("authority.pem"));
    let own = ["--tls-cert", path(&chain), "--tls-key", path(&key)];
    let ended = certificate(&state, &own);
    assert_eq!(
        (ended.code, ended.stdout.as_str()),
        (2, ""),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.starts_with("parlor: --tls-key: "),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}
