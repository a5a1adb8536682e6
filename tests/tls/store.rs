//! The state directory: what is in it, what survives, and what several processes do to it.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::Path;
use std::sync::Barrier;

use parlor::config;
use parlor::tls::{self, Source, Tls, TlsError};

use crate::rig::{State, days_later, described, home, names, openssl, path, refresh, today};

#[test]
fn keys_are_for_their_owner_only() {
    let state = State::new();
    state.open(&home(), today());
    let mode = |file: &str| fs::metadata(state.file(file)).unwrap().mode() & 0o777;
    assert_eq!(mode(""), 0o700);
    assert_eq!((mode("authority.pem"), mode("server.pem")), (0o600, 0o600));
    assert_eq!(
        state.list(),
        ["authority.pem", "parlor-ca.crt", "server.pem"]
    );
    for secret in ["authority.pem", "server.pem"] {
        assert!(
            state
                .bytes(secret)
                .windows(11)
                .any(|text| text == b"PRIVATE KEY")
        );
    }
}

/// Both files as version 0.1.0 wrote them, with a library in the place of `tls::issue`.
#[test]
fn what_an_earlier_version_made_is_used_as_it_is() {
    let state = State::new();
    fs::create_dir(state.file("")).unwrap();
    let previous = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tls/previous");
    for file in ["authority.pem", "server.pem"] {
        fs::copy(previous.join(file), state.file(file)).unwrap();
    }
    let (authority, server) = (state.bytes("authority.pem"), state.bytes("server.pem"));
    let tls = state.open(&names("kitchen-pi.local"), today());
    let served = tls.served();
    assert!(served.covers_name("kitchen-pi.local"), "{:?}", served.dns);
    assert_eq!(state.bytes("server.pem"), server);
    let print = openssl(&[
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        path(&state.file("server.pem")),
    ]);
    assert!(print.trim_end().ends_with(&served.fingerprint), "{print}");
    // Another one has the same issuer, and devices that trust that trust it.
    assert!(refresh(&tls, &home(), today()).unwrap());
    assert_ne!(state.bytes("server.pem"), server);
    assert_eq!(state.bytes("authority.pem"), authority);
    state.expect_trusted(today());
    let text = described(&state.file("server.pem"));
    let text_of_authority = described(&state.file("authority.pem"));
    let after = |text: &str, label: &str| {
        let (_, rest) = text.split_once(label).unwrap();
        rest.split(" X509v3").next().unwrap().trim().to_owned()
    };
    assert_eq!(
        after(&text, "Authority Key Identifier:"),
        after(&text_of_authority, "Subject Key Identifier:")
    );
    assert_eq!(
        served.authority.as_ref().unwrap().name,
        "Parlor on kitchen-pi (4b27)"
    );
}

#[test]
fn a_restart_serves_what_was_served_before() {
    let state = State::new();
    let before = state.open(&home(), today()).served();
    assert_eq!(before.source, Source::Made(Some(state.file("server.pem"))));
    let after = state.open(&home(), days_later(3)).served();
    assert_eq!(before, after);
}

#[test]
fn a_restart_with_other_names_keeps_the_authority() {
    let state = State::new();
    let before = state.open(&home(), today()).served();
    let after = state.open(&names("den.local 10.0.0.5"), today()).served();
    assert_ne!(before.fingerprint, after.fingerprint);
    assert_eq!(before.authority, after.authority);
}

#[test]
fn without_a_directory_everything_is_in_memory() {
    let tls = Tls::open(&config::Tls::default(), None, &home(), today()).unwrap();
    let served = tls.served();
    assert_eq!(served.source, Source::Made(None));
    assert_eq!(served.authority.as_ref().unwrap().file, None);
    assert!(refresh(&tls, &names("den.local"), today()).unwrap());
}

#[test]
fn an_authority_that_cannot_be_used_is_neither_replaced_nor_used() {
    let state = State::new();
    state.open(&home(), today());
    let other = State::new();
    other.open(&home(), today());
    let text = |state: &State, file: &str| String::from_utf8(state.bytes(file)).unwrap();
    let good = text(&state, "authority.pem");
    let (certificate, key) = good.split_at(good.find("-----BEGIN PRIVATE").unwrap());
    let other_key = text(&other, "authority.pem");
    let other_key = &other_key[other_key.find("-----BEGIN PRIVATE").unwrap()..];
    let leaf = text(&state, "server.pem");
    let broken = [
        ("", "no certificate"),
        ("rubbish", "no certificate"),
        (&good[..good.len() / 2], "no "),
        (certificate, "no key"),
        (key, "no certificate"),
        (&format!("{certificate}{other_key}"), "another certificate"),
        (&leaf, "not that of an authority"),
    ];
    for (content, wanted) in broken {
        fs::write(state.file("authority.pem"), content).unwrap();
        let error = state.try_open(&home(), today()).unwrap_err();
        assert!(matches!(error, TlsError::Broken { .. }), "{error}");
        let said = error.to_string();
        assert!(
            said.contains("authority.pem") && said.contains(wanted),
            "{said}"
        );
        assert_eq!(text(&state, "authority.pem"), content);
    }
    fs::write(state.file("authority.pem"), &good).unwrap();
    state.open(&home(), today());
}

#[test]
fn an_authority_that_cannot_be_read_is_an_error_with_its_path() {
    let state = State::new();
    fs::create_dir_all(state.file("authority.pem")).unwrap();
    let error = state.try_open(&home(), today()).unwrap_err();
    assert!(matches!(error, TlsError::Unreadable { .. }), "{error}");
    assert!(error.to_string().contains("authority.pem"), "{error}");
    assert!(state.file("authority.pem").is_dir());
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error_that_names_the_flag() {
    let mut state = State::new();
    let nowhere = state.beside("link");
    symlink(state.beside("nothing").join("there"), &nowhere).unwrap();
    state.settings.state_dir = Some(nowhere);
    let error = state.try_open(&home(), today()).unwrap_err();
    assert!(error.to_string().contains("--state-dir"), "{error}");
}

#[test]
fn a_certificate_that_cannot_be_used_is_moved_away_and_made_anew() {
    let state = State::new();
    let before = state.open(&home(), today()).served();
    fs::write(state.file("server.pem"), "rubbish").unwrap();
    let after = state.open(&home(), today()).served();
    assert_ne!(before.fingerprint, after.fingerprint);
    assert_eq!(state.bytes("server.pem.broken"), b"rubbish");
    state.expect_trusted(today());
}

#[test]
fn certificates_that_cannot_be_used_are_all_kept() {
    let state = State::new();
    state.open(&home(), today());
    let kept = [
        ("server.pem.broken", "rubbish"),
        ("server.pem.broken-2", "more rubbish"),
        ("server.pem.broken-3", ""),
    ];
    for (_, content) in kept {
        fs::write(state.file("server.pem"), content).unwrap();
        state.open(&home(), today());
    }
    for (file, content) in kept {
        assert_eq!(state.bytes(file), content.as_bytes(), "{file}");
    }
    state.expect_trusted(today());
}

#[test]
fn a_certificate_that_is_deleted_or_broken_under_a_running_server_is_made_anew() {
    let state = State::new();
    let tls = state.open(&home(), today());
    fs::remove_file(state.file("server.pem")).unwrap();
    assert!(refresh(&tls, &home(), today()).unwrap());
    fs::write(state.file("server.pem"), "rubbish").unwrap();
    assert!(refresh(&tls, &home(), today()).unwrap());
    assert!(!refresh(&tls, &home(), today()).unwrap());
    assert_eq!(state.bytes("server.pem.broken"), b"rubbish");
    let again = state.open(&home(), today());
    assert_eq!(again.served(), tls.served());
}

#[test]
fn many_that_begin_at_once_have_one_authority() {
    const PROCESSES: usize = 8;
    let state = State::new();
    let begin = Barrier::new(PROCESSES);
    let authorities: Vec<_> = std::thread::scope(|scope| {
        let one = || {
            begin.wait();
            let served = state.open(&home(), today()).served();
            served.authority.clone().unwrap().fingerprint
        };
        let all: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(
        authorities.iter().all(|one| *one == authorities[0]),
        "{authorities:?}"
    );
    assert_eq!(
        state.list(),
        ["authority.pem", "parlor-ca.crt", "server.pem"]
    );
    state.expect_trusted(today());
    let after = state.open(&home(), today()).served();
    assert_eq!(
        after.authority.as_ref().unwrap().fingerprint,
        authorities[0]
    );
}

#[test]
fn two_servers_with_different_names_do_not_fight() {
    let state = State::new();
    let one = state.open(&names("parlor.local"), today());
    let other = state.open(&names("parlor-2.local"), today());
    let prints = [
        one.served().fingerprint.clone(),
        other.served().fingerprint.clone(),
    ];
    let file = state.bytes("server.pem");
    for _ in 0..3 {
        assert!(!refresh(&one, &names("parlor.local"), today()).unwrap());
        assert!(!refresh(&other, &names("parlor-2.local"), today()).unwrap());
    }
    assert_eq!(state.bytes("server.pem"), file);
    assert_eq!(
        [&one.served().fingerprint, &other.served().fingerprint],
        [&prints[0], &prints[1]]
    );
}

#[test]
fn a_renewed_certificate_is_taken_up_by_a_running_server() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let before = tls.served();
    let made = tls::renew(&state.settings, &names("ignored.local"), days_later(9))
        .unwrap()
        .unwrap();
    assert!(refresh(&tls, &home(), days_later(9)).unwrap());
    let after = tls.served();
    assert_eq!(after.fingerprint, made.fingerprint);
    assert_ne!(after.fingerprint, before.fingerprint);
    assert_eq!(after.dns, before.dns);
    assert!(!refresh(&tls, &home(), days_later(9)).unwrap());
}

#[test]
fn what_root_renews_still_belongs_to_the_service() {
    let state = State::new();
    state.open(&home(), today());
    // Only root can give it away; for everybody else the file is their own from the beginning.
    let _ = chown(state.file(""), Some(4711), Some(4711));
    tls::renew(&state.settings, &home(), today())
        .unwrap()
        .unwrap();
    let owner = |file: &str| fs::metadata(state.file(file)).unwrap().uid();
    assert_eq!(owner("server.pem"), owner(""));
}

#[test]
fn another_authority_in_the_directory_is_taken_up_with_a_certificate_of_its_own() {
    let (state, other) = (State::new(), State::new());
    let tls = state.open(&home(), today());
    let wanted = other.open(&home(), today()).served();
    fs::copy(other.file("authority.pem"), state.file("authority.pem")).unwrap();
    assert!(tls.reload(&home(), today()).unwrap());
    assert_eq!(
        tls.served().authority.as_ref().unwrap().name,
        wanted.authority.as_ref().unwrap().name
    );
    assert_eq!(state.bytes("parlor-ca.crt"), other.bytes("parlor-ca.crt"));
    state.expect_trusted(today());
}

#[test]
fn trouble_with_the_authoritys_file_is_told_once_and_changes_nothing_that_is_served() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let before = tls.served();
    fs::remove_file(state.file("authority.pem")).unwrap();
    assert!(matches!(
        refresh(&tls, &home(), today()),
        Err(TlsError::Unreadable { .. })
    ));
    assert!(!refresh(&tls, &home(), today()).unwrap());
    fs::write(state.file("authority.pem"), "rubbish").unwrap();
    assert!(matches!(
        refresh(&tls, &home(), today()),
        Err(TlsError::Broken { .. })
    ));
    assert!(!refresh(&tls, &home(), today()).unwrap());
    assert!(tls.reload(&home(), today()).is_err());
    assert_eq!(tls.served(), before);

    // What is due meanwhile is made all the same.
    fs::write(state.file("authority.pem"), "more rubbish").unwrap();
    assert!(refresh(&tls, &names("den.local"), today()).is_err());
    assert!(tls.served().covers_name("den.local"));
    assert_eq!(state.bytes("authority.pem"), b"more rubbish");
}

#[test]
fn looking_makes_nothing() {
    let state = State::new();
    assert_eq!(tls::look(&state.settings, &home(), today()).unwrap(), None);
    assert_eq!(tls::renew(&state.settings, &home(), today()).unwrap(), None);
    assert!(!state.file("").exists());
    let served = state.open(&home(), today()).served();
    let seen = tls::look(&state.settings, &home(), today()).unwrap();
    assert_eq!(seen.as_ref(), Some(&*served));
}

#[test]
fn no_key_is_in_a_description() {
    let state = State::new();
    let tls = state.open(&home(), today());
    let key = openssl(&["pkey", "-in", path(&state.file("server.pem"))]);
    let secret = key.lines().nth(1).unwrap();
    let text = format!("{tls:?}{:?}", tls.served());
    assert!(
        text.contains("parlor.local") && !text.contains(secret) && !text.contains("CertifiedKey")
    );
    assert!(described(&state.file("server.pem")).contains("DNS:parlor.local"));
}
