//! Settings that change nothing: flags that others make idle, and variables that are none.
//!
//! It stands behind `parser`, which has read what there is. None of this is an error, because a
//! service may be given more than it needs; each is one line, for the log.

use std::ffi::OsString;

use super::parser::{Given, Source, settings};

/// A flag, the one that decides whether it does anything, and how.
const IDLE: &[(&str, When, &str)] = &[
    ("--csp", When::Without, "--public"),
    ("--tls-cert", When::With, "--http-only"),
    ("--ca-unconstrained", When::With, "--http-only"),
    ("--ca-unconstrained", When::With, "--tls-cert"),
    ("--name", When::With, "--no-mdns"),
];

/// When a flag is idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    With,
    Without,
}

/// Flags (or their variables) that were given and do nothing.
pub(super) fn idle(given: &Given) -> Vec<String> {
    let is_set = |name: &str| match name {
        // A variable may say that a switch is off.
        "--http-only" => given.arguments.http_only,
        "--no-mdns" => given.arguments.no_mdns,
        "--ca-unconstrained" => given.arguments.ca_unconstrained,
        name => given.source(name) != Source::Default,
    };
    let idle = IDLE
        .iter()
        .filter(|(flag, when, other)| is_set(flag) && is_set(other) == (*when == When::With));
    idle.map(|(flag, when, other)| match when {
        When::With => format!("{flag} changes nothing with {other}"),
        When::Without => format!("{flag} changes nothing without {other}"),
    })
    .collect()
}

/// Variables that look like ours and are not. What they say is not repeated.
pub(super) fn unknown(names: impl Iterator<Item = OsString>) -> Vec<String> {
    let known: Vec<_> = settings().map(|flag| flag.variable()).collect();
    let mut unknown: Vec<_> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("PARLOR_") && !known.contains(name))
        .map(|name| format!("{name:?} is the variable of no setting; see parlor --help"))
        .collect();
    unknown.sort_unstable();
    unknown
}

#[cfg(test)]
mod tests {
    use super::super::parser::read;
    use super::*;

    fn said(words: &[&str], variables: &[(&str, &str)]) -> Vec<String> {
        let words = std::iter::once("parlor").chain(words.iter().copied());
        let environment = |name: &str| {
            let mut variables = variables.iter().filter(|(known, _)| *known == name);
            variables.next().map(|(_, value)| OsString::from(*value))
        };
        idle(&read(words.map(OsString::from), environment).expect("settings"))
    }

    #[test]
    #[cfg_attr(
        not(all(feature = "tls", feature = "mdns")),
        ignore = "is about flags that need them"
    )]
    fn a_flag_that_another_makes_idle_is_named() {
        for (words, wanted) in [
            (
                &["--csp", "x"][..],
                "--csp changes nothing without --public",
            ),
            (
                &["--tls-cert=a", "--tls-key=b", "--http-only"],
                "--tls-cert changes nothing with --http-only",
            ),
            (
                &["--ca-unconstrained", "--http-only"],
                "--ca-unconstrained changes nothing with --http-only",
            ),
            (
                &["--ca-unconstrained", "--tls-cert=a", "--tls-key=b"],
                "--ca-unconstrained changes nothing with --tls-cert",
            ),
            (
                &["--no-mdns", "--name=den"],
                "--name changes nothing with --no-mdns",
            ),
        ] {
            assert_eq!(said(words, &[]), [wanted], "{words:?}");
        }
        let variables = [("PARLOR_NAME", "den"), ("PARLOR_NO_MDNS", "true")];
        assert_eq!(said(&[], &variables).len(), 1);
    }

    #[test]
    #[cfg_attr(
        not(all(feature = "tls", feature = "mdns")),
        ignore = "is about flags that need them"
    )]
    fn nothing_is_said_of_flags_that_do_something() {
        for words in [
            &[][..],
            &["--csp=x", "--public=."],
            &["--tls-cert=a", "--tls-key=b"],
            &["--no-mdns"],
            &["--name=den"],
            &["--http-only"],
        ] {
            assert_eq!(said(words, &[]), [""; 0], "{words:?}");
        }
        let variables = [("PARLOR_NAME", "den"), ("PARLOR_NO_MDNS", "false")];
        assert_eq!(said(&[], &variables), [""; 0]);
    }

    #[test]
    fn a_variable_of_no_setting_is_named_without_its_value() {
        let names = ["PARLOR_PORT", "PATH", "PARLOR_PROT", "PARLORS", "PARLOR_"];
        let unknown = unknown(names.into_iter().map(OsString::from));
        assert_eq!(
            unknown,
            [
                "\"PARLOR_\" is the variable of no setting; see parlor --help",
                "\"PARLOR_PROT\" is the variable of no setting; see parlor --help",
            ]
        );
    }
}
