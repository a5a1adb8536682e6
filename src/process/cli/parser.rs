//! Words and variables, read by the table of flags.
//!
//! It stands between the process's arguments and `cli`, which makes settings of them. clap reads the
//! words, by a command that is made of the table. It knows neither variables nor what a value means:
//! both are read here, so that a value is told to be wrong in the same words wherever it came from.
//! clap's help is only the name of whom to help; `help` has the text.
//!
//! Invariants: what is wrong is one sentence, with the flag (or the variable) it is about; a flag
//! that takes one value is given once. The environment is an argument, so tests need not change it.

use std::ffi::{OsStr, OsString};

use clap::builder::ValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind, KindFormatter};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

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

    /// Takes a flag's values from the words, and tells whether there are any.
    fn words(&mut self, flag: &Flag, words: &ArgMatches) -> Result<bool, String> {
        if words.value_source(flag.name) != Some(ValueSource::CommandLine) {
            return Ok(false);
        }
        self.sources.push((flag.name, Source::CommandLine));
        if let Set::Switch(place) = flag.set {
            *place(&mut self.arguments) = true;
            return Ok(true);
        }
        for value in words.get_raw(flag.name).into_iter().flatten() {
            take(&mut self.arguments, flag, value, flag.name)?;
        }
        Ok(true)
    }

    /// Takes a flag's variable, else its default.
    fn variable(&mut self, flag: &Flag, value: Option<OsString>) -> Result<(), String> {
        if let Some(value) = value {
            self.sources.push((flag.name, Source::Variable));
            take(&mut self.arguments, flag, &value, &flag.variable())
        } else if let Some(default) = flag.default {
            take(&mut self.arguments, flag, default.as_ref(), flag.name)
        } else {
            Ok(())
        }
    }
}

/// All flags but those of an action.
pub(super) fn settings() -> impl Iterator<Item = &'static Flag> {
    SETTINGS.iter().flat_map(|(_, flags)| *flags)
}

/// Reads the words (the program's name first) and, for what they leave open, the environment.
pub(super) fn read(
    words: impl IntoIterator<Item = OsString>,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<Given, Stop> {
    let words = match command().try_get_matches_from(words) {
        Ok(words) => words,
        Err(error) => return Err(stop(error, environment)),
    };
    let mut given = Given {
        action: Action::Serve,
        arguments: Arguments::default(),
        sources: Vec::new(),
    };
    for flag in settings() {
        if !given.words(flag, &words).map_err(Stop::Wrong)? {
            let value = environment(&flag.variable());
            given.variable(flag, value).map_err(Stop::Wrong)?;
        }
    }
    if let Some((name, words)) = words.subcommand() {
        given.action = action(name);
        if let Action::Certificate { renew } = &mut given.action {
            *renew = words.get_flag(RENEW.name);
        }
    }
    Ok(given)
}

/// What clap is to read. Settings are the same for every action, so they may stand before it and
/// behind it; there the later wins.
pub(super) fn command() -> clap::Command {
    let actions = help::ACTIONS.iter().map(|known| {
        let flags = matches!(known.action, Action::Certificate { .. }).then_some(&RENEW);
        clap::Command::new(known.name)
            .override_help(known.name)
            .args(flags.map(argument))
    });
    clap::Command::new("parlor")
        .version(env!("CARGO_PKG_VERSION"))
        .override_help("parlor")
        .args(settings().map(|flag| argument(flag).global(true)))
        .subcommands(actions)
}

fn argument(flag: &'static Flag) -> Arg {
    let argument = Arg::new(flag.name).long(flag.name.trim_start_matches('-'));
    let action = match flag.set {
        Set::Switch(_) => return argument.action(ArgAction::SetTrue),
        Set::One(_) | Set::Path(_) => ArgAction::Set,
        Set::Many(_) => ArgAction::Append,
    };
    argument
        .action(action)
        .value_name(flag.value)
        .value_parser(ValueParser::os_string())
}

/// The action of this name.
fn action(name: &str) -> Action {
    let known = help::ACTIONS.iter().find(|known| known.name == name);
    known.map_or(Action::Serve, |known| known.action)
}

/// What clap says instead of matches: what is to be shown, or what is wrong.
fn stop(error: clap::Error, environment: impl Fn(&str) -> Option<OsString>) -> Stop {
    // The text of help and version is ready; without clap's formatter its errors are not linked.
    let shown = |error: clap::Error| error.apply::<KindFormatter>().render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp => {
            let action = action(shown(error).trim_end());
            Stop::Show(help::text(action, environment))
        }
        ErrorKind::DisplayVersion => Stop::Show(shown(error)),
        _ => Stop::Wrong(sentence(&error)),
    }
}

/// What is wrong, of all that can be: no flag is required, and none excludes another.
fn sentence(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        Some(ContextValue::Strings(texts)) => texts.first().map_or("", String::as_str),
        _ => "",
    };
    let argument = context(ContextKind::InvalidArg);
    // "--port <PORT>" there, though people write "--port".
    let flag = argument.split(' ').next().unwrap_or_default();
    let hint = |kind| match context(kind) {
        "" => "see parlor --help".to_owned(),
        meant => format!("did you mean {meant}?"),
    };
    match error.kind() {
        ErrorKind::InvalidValue => format!("{flag} needs a value; see parlor --help"),
        ErrorKind::UnknownArgument => {
            let hint = hint(ContextKind::SuggestedArg);
            format!("{flag:?} is not an option; {hint}")
        }
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand);
            let hint = hint(ContextKind::SuggestedSubcommand);
            format!("unrecognized subcommand '{word}'; {hint}")
        }
        ErrorKind::ArgumentConflict => {
            format!("the argument '{argument}' cannot be used multiple times")
        }
        ErrorKind::TooManyValues => {
            let value = context(ContextKind::InvalidValue);
            format!("unexpected value '{value}' for '{flag}' found; no more were expected")
        }
        kind => format!("{kind}; see parlor --help"),
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
        if flag.secret {
            return Err(format!("{name}: it must be UTF-8"));
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
    use std::os::unix::ffi::OsStrExt as _;

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
        let read = read([OsString::new(), word], |_| None).unwrap();
        let path = read.arguments.public.unwrap();
        assert_eq!(path.as_os_str().as_bytes(), b"\xff");
        let word = OsStr::from_bytes(b"--name=\xff").to_owned();
        let wrong = super::read([OsString::new(), word], |_| None);
        assert!(matches!(wrong, Err(Stop::Wrong(line)) if line.contains("must be UTF-8")));
        // It may have a password in it.
        let word = OsStr::from_bytes(b"--ice-server=turn:u:p\xe4ss@h").to_owned();
        let wrong = super::read([OsString::new(), word], |_| None);
        assert!(
            matches!(wrong, Err(Stop::Wrong(line)) if line == "--ice-server: it must be UTF-8")
        );
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
}
