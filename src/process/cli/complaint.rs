//! Words for what is wrong with a command line, in one line.
//!
//! The parser explains itself in several lines with colours; here its answer becomes one sentence
//! with the flag (or variable), the value and what would have been accepted.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Stop;
use super::arguments::Arguments;

/// Turns the parser's answer, which may have many lines, into ours.
pub(super) fn stop(error: &clap::Error, given: &[OsString]) -> Stop {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        return Stop::Show(error.render().to_string());
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        Some(ContextValue::Strings(texts)) => texts.first().map(String::as_str),
        _ => None,
    };
    // "--port <PORT>" here, though people write "--port".
    let flag = context(ContextKind::InvalidArg)
        .and_then(|text| text.split(' ').next())
        .unwrap_or_default();
    Stop::Wrong(match (error.kind(), context(ContextKind::InvalidValue)) {
        (ErrorKind::ValueValidation, Some(value)) => {
            let expected = std::error::Error::source(error)
                .map(ToString::to_string)
                .unwrap_or_default();
            format!(
                "{}: {value:?} is not usable: it {expected}",
                source(flag, value, given)
            )
        }
        (ErrorKind::InvalidValue, _) => format!("{flag} needs a value; see parlor --help"),
        (ErrorKind::UnknownArgument, _) => match context(ContextKind::SuggestedArg) {
            Some(known) => format!("{flag:?} is not an option; did you mean {known}?"),
            None => format!("{flag:?} is not an option; see parlor --help"),
        },
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            first.trim_start_matches("error: ").to_owned()
        }
    })
}

/// The flag, or the variable where the wrong value came from there.
fn source(flag: &str, value: &str, given: &[OsString]) -> String {
    let on_line = given
        .iter()
        .any(|argument| argument.to_string_lossy().starts_with(flag));
    let command = Arguments::command();
    let variable = command
        .get_arguments()
        .find(|argument| argument.get_long() == flag.strip_prefix("--"))
        .and_then(clap::Arg::get_env)
        .filter(|name| {
            std::env::var_os(name).is_some_and(|text| text.to_string_lossy().contains(value))
        });
    match variable {
        Some(name) if !on_line => name.to_string_lossy().into_owned(),
        _ => flag.to_owned(),
    }
}
