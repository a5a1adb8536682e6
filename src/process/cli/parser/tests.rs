//! Words, variables and defaults, and every sentence about what is wrong with them.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::os::unix::ffi::OsStrExt as _;

use super::super::built::Feature;
use super::*;

fn given(words: &[&str], variables: &[(&str, &str)]) -> Result<Given, String> {
    let words = std::iter::once("parlor").chain(words.iter().copied());
    let environment = |name: &str| {
        let mut variables = variables.iter().filter(|(known, _)| *known == name);
        variables.next().map(|(_, value)| OsString::from(*value))
    };
    read(words.map(OsString::from), environment).map_err(|stop| match stop {
        Stop::Wrong(line) => line,
        Stop::Show(text) => format!("shows {text}"),
    })
}

#[test]
fn every_default_is_a_value_and_every_name_is_its_own() {
    let mut names: Vec<_> = settings().map(|flag| flag.name).collect();
    names.push(RENEW.name);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for flag in settings() {
        assert!(flag.name.starts_with("--") && !flag.help.is_empty());
        assert_eq!(matches!(flag.set, Set::Switch(_)), flag.value.is_empty());
        if let Some(default) = flag.default {
            assert_eq!(flag.take(&mut Arguments::default(), default), Ok(()));
        }
    }
}

#[test]
#[cfg_attr(
    not(all(feature = "tls", feature = "mdns")),
    ignore = "is about flags that need them"
)]
fn a_flag_wins_over_its_variable_and_the_variable_over_the_default() {
    let variables = [("PARLOR_PORT", "1"), ("PARLOR_NAME", "den")];
    let both = given(&["--port", "2"], &variables).unwrap();
    assert_eq!(
        (both.arguments.port, both.source("--port")),
        (2, Source::CommandLine)
    );
    assert_eq!(both.arguments.name, "den");
    assert_eq!(both.source("--name"), Source::Variable);
    assert_eq!(both.source("--workers"), Source::Default);
    assert_eq!(both.arguments.workers, 1);
}

#[test]
fn a_list_is_commas_or_the_flag_again() {
    let words = ["--ice-server=stun:a,stun:b", "--ice-server", "stun:c"];
    let both = given(&words, &[("PARLOR_ICE_SERVER", "stun:d")]).unwrap();
    assert_eq!(both.arguments.ice_server, ["stun:a", "stun:b", "stun:c"]);
}

#[test]
fn a_switch_is_a_flag_alone_or_a_word_in_its_variable() {
    assert!(given(&["--no-mdns"], &[]).unwrap().arguments.no_mdns);
    let off = given(&[], &[("PARLOR_NO_MDNS", "false")]).unwrap();
    assert!(!off.arguments.no_mdns);
    let over = given(&["--no-mdns"], &[("PARLOR_NO_MDNS", "false")]).unwrap();
    assert!(over.arguments.no_mdns);
}

#[test]
#[cfg_attr(
    not(all(feature = "tls", feature = "mdns")),
    ignore = "is about flags that need them"
)]
fn a_path_need_not_be_utf_8() {
    let word = OsStr::from_bytes(b"--public=\xff").to_owned();
    let read = read([OsString::new(), word], |_| None).unwrap();
    let path = read.arguments.public.unwrap();
    assert_eq!(path.as_os_str().as_bytes(), b"\xff");
    let word = OsStr::from_bytes(b"--name=\xff").to_owned();
    let wrong = super::read([OsString::new(), word], |_| None);
    assert!(matches!(wrong, Err(Stop::Wrong(line)) if line.contains("must be UTF-8")));
    // It may have a password in it.
    let word = OsStr::from_bytes(b"--ice-server=turn:u:p\xe4ss@h").to_owned();
    let wrong = super::read([OsString::new(), word], |_| None);
    assert!(matches!(wrong, Err(Stop::Wrong(line)) if line == "--ice-server: it must be UTF-8"));
}

#[test]
fn what_is_wrong_is_told_in_one_sentence() {
    for (words, sentence) in [
        (&["--port"][..], "--port needs a value; see parlor --help"),
        (
            &["--port", "--no-mdns"],
            "--port needs a value; see parlor --help",
        ),
        (&["--public="], "--public needs a value; see parlor --help"),
        (
            &["--port", "1", "--port=2"],
            "the argument '--port <PORT>' cannot be used multiple times",
        ),
        (
            &["--no-mdns=true"],
            "unexpected value 'true' for '--no-mdns' found; no more were expected",
        ),
        (
            &["--prot", "80"],
            "\"--prot\" is not an option; did you mean --port?",
        ),
        (
            &["--turn-secret=x"],
            "\"--turn-secret\" is not an option; did you mean --turn-secret-file?",
        ),
        (&["-x"], "\"-x\" is not an option; see parlor --help"),
        (
            &["--renew"],
            "\"--renew\" is not an option; see parlor --help",
        ),
        (
            &["doctr"],
            "unrecognized subcommand 'doctr'; did you mean doctor?",
        ),
        (
            &["serve"],
            "unrecognized subcommand 'serve'; see parlor --help",
        ),
        (
            &["urls", "doctor"],
            "\"doctor\" is not an option; see parlor --help",
        ),
        (
            &["help", "me"],
            "unrecognized subcommand 'me'; see parlor --help",
        ),
        (
            &["--", "urls"],
            "\"urls\" is not an option; see parlor --help",
        ),
        (
            &["--", "--port"],
            "unrecognized subcommand '--port'; see parlor --help",
        ),
    ] {
        assert_eq!(given(words, &[]).unwrap_err(), sentence, "{words:?}");
    }
}

#[test]
fn what_this_build_lacks_is_said_to_be_missing_and_is_not_in_the_help() {
    for (word, feature) in [
        ("--https-only", Feature::Tls),
        ("--tls-cert=a", Feature::Tls),
        ("certificate", Feature::Tls),
        ("--name=den", Feature::Mdns),
        ("--metrics-allow=::1", Feature::Metrics),
    ] {
        let name = word.split('=').next().unwrap();
        let help = given(&["--help"], &[]).unwrap_err();
        assert_eq!(help.contains(&format!(" {name} ")), feature.is_built());
        let lacking = (!feature.is_built()).then(|| built::lacking(name, feature));
        assert_eq!(given(&[word], &[]).err(), lacking, "{word}");
    }
    for word in ["--http-only", "--no-mdns"] {
        assert!(given(&[word], &[]).is_ok(), "{word} asks for nothing");
    }
}

#[test]
#[cfg_attr(
    not(all(feature = "tls", feature = "mdns")),
    ignore = "is about flags that need them"
)]
fn what_stands_behind_an_action_wins_over_what_stands_before_it() {
    let words = ["--port", "1", "--name", "den", "urls", "--port", "2"];
    let both = given(&words, &[]).unwrap();
    assert_eq!((both.action, both.arguments.port), (Action::Urls, 2));
    assert_eq!(both.arguments.name, "den");
}

#[test]
fn clap_takes_its_definition() {
    command().debug_assert();
}

#[test]
#[cfg_attr(
    not(all(feature = "tls", feature = "mdns")),
    ignore = "is about flags that need them"
)]
fn help_is_about_the_action_that_is_named_before_it_or_behind_it() {
    for words in [&["help", "urls"][..], &["urls", "--help"], &["urls", "-h"]] {
        let shown = given(words, &[]).unwrap_err();
        assert!(shown.starts_with("shows Show the addresses"), "{shown}");
    }
    for words in [&["help"][..], &["--name", "urls", "--help", "--bogus"]] {
        let shown = given(words, &[]).unwrap_err();
        assert!(shown.starts_with("shows A video-chat room"), "{shown}");
    }
    let version = format!("shows parlor {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(given(&["-V"], &[]).unwrap_err(), version);
}
