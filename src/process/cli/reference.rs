//! The command line with all its help, as clap has it: what a manual page and the completions of
//! shells are made from.
//!
//! Beside `help`, which says the same on a terminal and is all that the program itself shows. So the
//! program never calls this, the linker leaves it out, and `parser` stays without the texts.
//! `packaging/manual.rs` is who calls it.

use clap::{Arg, ArgAction, Command, ValueHint};

use super::arguments::{RENEW, SETTINGS};
use super::help::{ABOUT, ACTIONS};
use super::parser;

/// The command line with the help of every flag and action that `parser` knows.
pub(super) fn command() -> Command {
    // clap's own words for this flag say that its short form shows less, which is not so here.
    let help = Arg::new("help").short('h').long("help");
    let help = help.help("Print help").action(ArgAction::Help).global(true);
    let command = parser::command()
        .about(ABOUT)
        .mut_args(explained)
        .mut_subcommands(|action| {
            let known = ACTIONS.iter().find(|known| known.name == action.get_name());
            let action = action.mut_args(explained);
            match known {
                Some(known) => action.about(known.help),
                None => action,
            }
        });
    command.disable_help_flag(true).arg(help)
}

/// A flag with its help: the first part of it for the line that a completion has, all of it and what
/// else there is to know for a page.
fn explained(argument: Arg) -> Arg {
    let settings = SETTINGS.iter().flat_map(|(heading, flags)| {
        let flags = flags.iter();
        flags.map(|flag| (Some(*heading), flag, Some(flag.variable())))
    });
    let mut flags = settings.chain([(None, &RENEW, None)]);
    let Some((heading, flag, variable)) = flags.find(|(_, flag, _)| argument.get_id() == flag.name)
    else {
        return argument;
    };
    let mut long = flag.help.to_owned();
    for (name, value) in [("Default", flag.default), ("Variable", variable.as_deref())] {
        if let Some(value) = value {
            long.push_str(&format!(". {name}: {value}"));
        }
    }
    let argument = argument.help(first_part(flag.help)).long_help(long);
    let argument = argument.help_heading(heading);
    match flag.value {
        "" => argument,
        "DIR" => argument.value_hint(ValueHint::DirPath),
        "FILE" => argument.value_hint(ValueHint::FilePath),
        _ => argument.value_hint(ValueHint::Other),
    }
}

/// What stands before the first semicolon, sentence's end or remark about the variable.
fn first_part(help: &'static str) -> &'static str {
    let ends = ["; ", ". ", " (in the variable"];
    let end = ends.iter().filter_map(|end| help.find(end)).min();
    end.and_then(|end| help.get(..end)).unwrap_or(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_and_action_is_explained() {
        let mut command = command();
        command.build();
        let actions = command.get_subcommands();
        for one in std::iter::once(&command).chain(actions) {
            assert!(one.get_about().is_some(), "{}", one.get_name());
            for argument in one.get_arguments() {
                let name = argument.get_id();
                assert!(argument.get_help().is_some(), "{name}");
            }
        }
    }

    #[test]
    fn a_completion_has_the_first_part_of_a_flags_help() {
        let whole = "Speak it; or not (in the variable: true)";
        assert_eq!(first_part(whole), "Speak it");
        assert_eq!(first_part("A socket.io/dist. More"), "A socket.io/dist");
        assert_eq!(first_part("All of it"), "All of it");
    }

    #[test]
    fn a_manual_has_default_and_variable_beside_the_help() {
        let command = command();
        let port = command
            .get_arguments()
            .find(|argument| argument.get_id() == "--port");
        let long = port.and_then(Arg::get_long_help).map(ToString::to_string);
        let expected =
            "Port to listen on; 0 takes any free one. Default: 4000. Variable: PARLOR_PORT";
        assert_eq!(long.as_deref(), Some(expected));
    }
}
