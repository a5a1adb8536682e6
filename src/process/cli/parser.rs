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
use super::{Action, Stop, built, help};

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

/// All flags of this build but those of an action.
pub(super) fn settings() -> impl Iterator<Item = &'static Flag> {
    all_settings().filter(|flag| built::has(flag.needs))
}

/// Those too that this build lacks.
fn all_settings() -> impl Iterator<Item = &'static Flag> {
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
    for flag in all_settings() {
        if let Some(feature) = built::missing(flag.needs) {
            let variable = flag.variable();
            if environment(&variable).is_some() {
                return Err(Stop::Wrong(built::lacking(&variable, feature)));
            }
        } else if !given.words(flag, &words).map_err(Stop::Wrong)? {
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
    let actions = help::actions().map(|known| {
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
    let word = context(ContextKind::InvalidSubcommand);
    if let Some(why) = lacking(flag).or_else(|| lacking(word)) {
        return why;
    }
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

/// Why there is no such flag or action, if another build has it.
pub(super) fn lacking(word: &str) -> Option<String> {
    let flags = all_settings().map(|flag| (flag.name, flag.needs));
    let actions = help::ACTIONS.iter().map(|known| (known.name, known.needs));
    let (_, needs) = flags.chain(actions).find(|(name, _)| *name == word)?;
    built::missing(needs).map(|feature| built::lacking(word, feature))
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
mod tests;
