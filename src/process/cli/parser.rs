//! Words and variables, read by the table of flags.
//!
//! It stands between the process's arguments and `cli`, which makes settings of them. Rules are
//! those of GNU's `getopt_long`, without abbreviations: `--flag VALUE` or `--flag=VALUE`, before and
//! behind the action, until `--`. A value that begins with a hyphen needs the `=`.
//!
//! Invariants: what is wrong is one sentence, with the flag (or the variable) it is about; a flag
//! that takes one value is given once. The environment is an argument, so tests need not change it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

use super::arguments::{Arguments, Flag, RENEW, SETTINGS, Set};
use super::{Action, Stop, help};

/// Where a value came from; the later wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// Nobody gave one.
    Default,
    /// The flag's variable.
    Variable,
    /// The flag itself.
    CommandLine,
}

/// What was asked for.
#[derive(Debug)]
pub(super) struct Given {
    /// What is to be done.
    pub(super) action: Action,
    /// The flags' values.
    pub(super) arguments: Arguments,
    /// The flags that were given, by name.
    sources: Vec<(&'static str, Source)>,
}

impl Given {
    /// How this flag was given.
    pub(super) fn source(&self, name: &str) -> Source {
        let mut given = self.sources.iter().filter(|(given, _)| *given == name);
        given.next().map_or(Source::Default, |(_, source)| *source)
    }

    fn note(&mut self, flag: &Flag, source: Source) {
        if self.source(flag.name) == Source::Default {
            self.sources.push((flag.name, source));
        }
    }

    /// A word that begins with a hyphen; its value may be among the words behind it.
    fn flag<'a>(
        &mut self,
        word: &OsStr,
        rest: &mut impl Iterator<Item = &'a OsString>,
    ) -> Result<(), String> {
        let bytes = word.as_bytes();
        let equals = bytes.iter().position(|byte| *byte == b'=');
        let (name, value) = match equals.and_then(|at| bytes.split_at_checked(at)) {
            Some((name, value)) => (name, value.get(1..).map(OsStr::from_bytes)),
            None => (bytes, None),
        };
        let name = String::from_utf8_lossy(name);
        let Some(flag) = self.known().find(|flag| flag.name == name) else {
            return Err(match nearest(&name, self.known().map(|flag| flag.name)) {
                Some(meant) => format!("{name:?} is not an option; did you mean {meant}?"),
                None => format!("{name:?} is not an option; see parlor --help"),
            });
        };
        let once = !matches!(flag.set, Set::Many(_));
        if once && self.source(flag.name) == Source::CommandLine {
            return Err(format!("{name} cannot be given more than once"));
        }
        self.note(flag, Source::CommandLine);
        if let Set::Switch(place) = flag.set {
            *place(&mut self.arguments) = true;
            return match value {
                Some(_) => Err(format!("{name} takes no value")),
                None => Ok(()),
            };
        }
        let is_value = |word: &&OsString| *word == "-" || !word.as_bytes().starts_with(b"-");
        match value.or_else(|| rest.next().filter(is_value).map(OsString::as_os_str)) {
            Some(value) => take(&mut self.arguments, flag, value, &name),
            None => Err(format!("{name} needs a value; see parlor --help")),
        }
    }

    /// The flags of this action.
    fn known(&self) -> impl Iterator<Item = &'static Flag> + use<> {
        let renew = matches!(self.action, Action::Certificate { .. }).then_some(&RENEW);
        renew.into_iter().chain(settings())
    }
}

/// All flags but those of an action.
pub(super) fn settings() -> impl Iterator<Item = &'static Flag> {
    SETTINGS.iter().flat_map(|(_, flags)| *flags)
}

/// Reads the words (the program's name first) and, for what they leave open, the environment.
pub(super) fn read(
    words: &[OsString],
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Given, Stop> {
    let mut given = Given {
        action: Action::Serve,
        arguments: Arguments::default(),
        sources: Vec::new(),
    };
    let mut words = words.iter().skip(1);
    let (mut helps, mut options) = (false, true);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let begun = helps || given.action != Action::Serve;
        match &*text {
            "-h" | "--help" if options => helps = true,
            "-V" | "--version" if options && !begun => {
                let version = env!("CARGO_PKG_VERSION");
                return Err(Stop::Show(format!("parlor {version}\n")));
            }
            "--" if options => options = false,
            "-" => return Err(Stop::Wrong(unknown(&text))),
            _ if options && text.starts_with('-') => {
                given.flag(word, &mut words).map_err(Stop::Wrong)?;
            }
            "help" if !begun => helps = true,
            _ if given.action != Action::Serve => return Err(Stop::Wrong(unknown(&text))),
            _ => given.action = action(&text).ok_or_else(|| Stop::Wrong(unknown(&text)))?,
        }
    }
    if helps {
        return Err(Stop::Show(help::text(given.action, environment)));
    }
    for flag in settings() {
        if given.source(flag.name) == Source::CommandLine {
            continue;
        }
        let name = flag.variable();
        if let Some(value) = environment(&name) {
            take(&mut given.arguments, flag, &value, &name).map_err(Stop::Wrong)?;
            given.note(flag, Source::Variable);
        } else if let Some(default) = flag.default {
            take(&mut given.arguments, flag, default.as_ref(), flag.name).map_err(Stop::Wrong)?;
        }
    }
    if let Action::Certificate { renew } = &mut given.action {
        *renew = given.arguments.renew;
    }
    Ok(given)
}

/// The action of this name.
fn action(name: &str) -> Option<Action> {
    let known = help::ACTIONS.iter().find(|known| known.name == name)?;
    Some(known.action)
}

fn unknown(word: &str) -> String {
    match nearest(word, help::ACTIONS.iter().map(|known| known.name)) {
        Some(meant) => format!("'{word}' is not a command; did you mean {meant}?"),
        None => format!("'{word}' is not a command; see parlor --help"),
    }
}

/// Has a flag take its value or values; `name` is who is to be told what is wrong with one.
fn take(to: &mut Arguments, flag: &Flag, value: &OsStr, name: &str) -> Result<(), String> {
    if let Set::Path(place) = flag.set {
        if value.is_empty() {
            return Err(format!("{name} needs a value; see parlor --help"));
        }
        *place(to) = Some(value.into());
        return Ok(());
    }
    let wrong =
        |text: &str, expected: String| format!("{name}: {text:?} is not usable: it {expected}");
    let Some(text) = value.to_str() else {
        let text = value.to_string_lossy();
        return Err(wrong(&text, "must be UTF-8".to_owned()));
    };
    if let Set::Many(_) = flag.set {
        let mut parts = text.split(',');
        parts.try_for_each(|part| {
            flag.take(to, part)
                .map_err(|expected| wrong(part, expected))
        })
    } else {
        flag.take(to, text)
            .map_err(|expected| wrong(text, expected))
    }
}

/// The known word that was probably meant: the one with the fewest changed characters, if they
/// are not more than a third of it.
fn nearest(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known
        .map(|known| (distance(word, known), known))
        .filter(|(distance, known)| distance * 3 <= known.len())
        .min()
        .map(|(_, known)| known)
}

/// How many characters are to be added, taken away or replaced (the Levenshtein distance).
fn distance(from: &str, to: &str) -> usize {
    // `row` has the distances of what was read of `from` to each beginning of `to`.
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, read) in from.bytes().enumerate() {
        let (mut left, mut corner) = (index + 1, index);
        for (cell, wanted) in row.iter_mut().skip(1).zip(to.bytes()) {
            let replaced = corner + usize::from(read != wanted);
            corner = *cell;
            left = replaced.min(corner + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use super::*;

    fn given(words: &[&str], variables: &[(&str, &str)]) -> Result<Given, String> {
        let words: Vec<_> = std::iter::once("parlor")
            .chain(words.iter().copied())
            .map(OsString::from)
            .collect();
        let environment = |name: &str| {
            let mut variables = variables.iter().filter(|(known, _)| *known == name);
            variables.next().map(|(_, value)| OsString::from(*value))
        };
        read(&words, environment).map_err(|stop| match stop {
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
    fn a_path_need_not_be_utf_8() {
        let word = OsStr::from_bytes(b"--public=\xff").to_owned();
        let read = read(&[OsString::new(), word], |_| None).unwrap();
        let path = read.arguments.public.unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"\xff");
        let word = OsStr::from_bytes(b"--name=\xff").to_owned();
        let wrong = super::read(&[OsString::new(), word], |_| None);
        assert!(matches!(wrong, Err(Stop::Wrong(line)) if line.contains("must be UTF-8")));
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
                "--port cannot be given more than once",
            ),
            (&["--no-mdns=true"], "--no-mdns takes no value"),
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
            (&["doctr"], "'doctr' is not a command; did you mean doctor?"),
            (&["serve"], "'serve' is not a command; see parlor --help"),
            (
                &["urls", "doctor"],
                "'doctor' is not a command; did you mean doctor?",
            ),
            (&["help", "me"], "'me' is not a command; see parlor --help"),
        ] {
            assert_eq!(given(words, &[]).unwrap_err(), sentence, "{words:?}");
        }
    }

    #[test]
    fn behind_two_hyphens_nothing_is_a_flag() {
        assert_eq!(given(&["--", "urls"], &[]).unwrap().action, Action::Urls);
        assert!(
            given(&["--", "--port"], &[])
                .unwrap_err()
                .starts_with("'--port'")
        );
    }

    #[test]
    fn help_is_about_the_action_that_is_named_before_it_or_behind_it() {
        for words in [&["help", "urls"][..], &["urls", "--help"], &["urls", "-h"]] {
            let shown = given(words, &[]).unwrap_err();
            assert!(shown.starts_with("shows Show the addresses"), "{shown}");
        }
        let version = format!("shows parlor {}\n", env!("CARGO_PKG_VERSION"));
        assert_eq!(given(&["-V"], &[]).unwrap_err(), version);
    }

    #[test]
    fn a_distance_counts_changed_characters() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("prot", "port", 2),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }
}
