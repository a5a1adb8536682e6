//! The text of `parlor --help`, made from the table of flags.
//!
//! It stands behind `parser` and before standard output. Each flag is followed by its help, in
//! lines that fit the terminal: beside the flags, or below them where they would take more than two
//! fifths of the line. Where there is no terminal, `COLUMNS` says how wide it is, else
//! [`COLUMNS`].
//!
//! Invariant: the value of a variable that may have a password in it is not shown. Left out:
//! colours, and lines to be broken by anything but spaces.

use std::ffi::OsString;
use std::fmt::Write as _;

use super::arguments::{Flag, RENEW, SETTINGS};
use super::built::{self, Feature};
use super::{Action, parser};

/// Columns if nobody says how many there are.
const COLUMNS: usize = 100;

/// How far help is moved in below its flag.
const BELOW: usize = 10;

/// What can be done instead of serving.
pub(super) const ACTIONS: &[Known] = &[
    Known {
        name: "certificate",
        help: "Show which certificate is served, until when, and for which names",
        action: Action::Certificate { renew: false },
        needs: Some(Feature::Tls),
    },
    Known {
        name: "urls",
        help: "Show the addresses to open, and a QR code",
        action: Action::Urls,
        needs: None,
    },
    Known {
        name: "doctor",
        help: "Check what a call needs, and say what to do where something is missing",
        action: Action::Doctor,
        needs: None,
    },
];

/// One of them.
#[derive(Debug)]
pub(super) struct Known {
    /// The word for it.
    pub(super) name: &'static str,
    /// A sentence for the help.
    pub(super) help: &'static str,
    /// The action itself.
    pub(super) action: Action,
    /// What a build must have for it.
    pub(super) needs: Option<Feature>,
}

/// Those that this build has.
pub(super) fn actions() -> impl Iterator<Item = &'static Known> {
    ACTIONS.iter().filter(|known| built::has(known.needs))
}

pub(super) const ABOUT: &str = "A video-chat room server for the home network, in one small binary";

const EXAMPLES: &str = "\
Examples:
  parlor                                   all addresses, port 4000
  parlor --port 8080 --bind 192.168.1.20   one address of this machine
  parlor --listen 127.0.0.1:4000 --listen '[fd00::20]:4000'
  parlor --public ./my-page                your own page, the built-in one behind it
  parlor --http-only --trusted-proxy 127.0.0.1 --allow-host calls.example.org   behind a proxy
  parlor --tls-cert chain.pem --tls-key key.pem  a certificate of your own
  parlor --ice-server stun:192.168.1.1:3478
  PARLOR_PORT=8080 PARLOR_LOG=debug parlor

SIGTERM or Ctrl-C stops the server within 5 seconds; clients come back by themselves after a
restart. A browser gives camera and microphone only to http://localhost and to https://.";

/// The help of the server, or of another action.
pub(super) fn text(action: Action, environment: impl Fn(&str) -> Option<OsString>) -> String {
    let columns = columns(environment("COLUMNS"));
    let known = ACTIONS.iter().find(|known| known.action == action);
    let mut page = Page {
        columns,
        text: String::new(),
    };
    page.wrapped(known.map_or(ABOUT, |known| known.help), 0);
    page.text.push_str("\n\nUsage: parlor ");
    let mut options = vec![("  -h, --help".to_owned(), "Print help".to_owned())];
    match known {
        Some(known) => {
            let _ = writeln!(page.text, "{} [OPTIONS]", known.name);
            if known.action == (Action::Certificate { renew: false }) {
                options.insert(0, row(&RENEW, None));
            }
        }
        None => {
            page.text.push_str("[OPTIONS] [COMMAND]\n");
            let help = (
                "help",
                "Print this message or the help of the given subcommand(s)",
            );
            let actions = actions().map(|known| (known.name, known.help));
            let rows = actions
                .chain([help])
                .map(|(name, help)| (format!("  {name}"), help.to_owned()));
            page.section("Commands", &rows.collect::<Vec<_>>());
            options.push(("  -V, --version".to_owned(), "Print version".to_owned()));
        }
    }
    page.section("Options", &options);
    for (heading, flags) in SETTINGS {
        let built = flags.iter().filter(|flag| built::has(flag.needs));
        let rows = built.map(|flag| {
            let variable = flag.variable();
            let value = environment(&variable);
            row(flag, Some((variable, value)))
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            page.section(heading, &rows);
        }
    }
    if known.is_none() {
        // None with a flag that this build lacks.
        let fits = |line: &&str| !line.split(' ').any(|word| parser::lacking(word).is_some());
        for line in EXAMPLES.lines().filter(fits) {
            let words = line.trim_start();
            let indent = line.len() - words.len();
            let _ = write!(page.text, "\n{:indent$}", "");
            page.wrapped(words, indent);
        }
        page.text.push('\n');
    }
    page.text
}

/// A flag and its help, with its variable and what that says now.
fn row(flag: &Flag, variable: Option<(String, Option<OsString>)>) -> (String, String) {
    let mut name = format!("      {}", flag.name);
    if !flag.value.is_empty() {
        let _ = write!(name, " <{}>", flag.value);
    }
    let mut help = flag.help.to_owned();
    if let Some((variable, value)) = variable {
        let value = value.unwrap_or_default();
        let _ = match flag.secret {
            true => write!(help, " [env: {variable}]"),
            false => write!(help, " [env: {variable}={}]", value.to_string_lossy()),
        };
    }
    if let Some(default) = flag.default {
        let _ = write!(help, " [default: {default}]");
    }
    (name, help)
}

/// How wide a line may be.
fn columns(variable: Option<OsString>) -> usize {
    let terminal = rustix::termios::tcgetwinsize(std::io::stdout())
        .or_else(|_| rustix::termios::tcgetwinsize(std::io::stderr()))
        .map(|size| usize::from(size.ws_col));
    let variable = || variable.as_ref()?.to_str()?.parse().ok();
    let known = terminal.ok().filter(|columns| *columns > 0);
    known.or_else(variable).unwrap_or(COLUMNS)
}

/// The text so far.
struct Page {
    columns: usize,
    text: String,
}

impl Page {
    fn section(&mut self, heading: &str, rows: &[(String, String)]) {
        let _ = writeln!(self.text, "\n{heading}:");
        let names = rows.iter().map(|(name, _)| name.len());
        let column = names.max().unwrap_or_default() + 2;
        let fits = |(_, help): &(String, String)| column + help.len() <= self.columns;
        let beside = column * 5 <= self.columns * 2 || rows.iter().all(fits);
        for (name, help) in rows {
            if beside {
                let _ = write!(self.text, "{name:column$}");
                self.wrapped(help, column);
            } else {
                let _ = write!(self.text, "{name}\n{:BELOW$}", "");
                self.wrapped(help, BELOW);
            }
            self.text.push('\n');
        }
    }

    /// Adds text from column `indent` on; a line that would be too long goes on there in the next.
    fn wrapped(&mut self, text: &str, indent: usize) {
        let mut column = indent;
        for word in text.split_inclusive(' ') {
            let width = word.trim_end().chars().count();
            if width > 0 && column > indent && column + width > self.columns {
                self.text.truncate(self.text.trim_end().len());
                let _ = write!(self.text, "\n{:indent$}", "");
                column = indent;
            }
            self.text.push_str(word);
            column += word.chars().count();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(columns: usize) -> Page {
        Page {
            columns,
            text: String::new(),
        }
    }

    #[test]
    fn long_lines_go_on_below_their_beginning() {
        let mut page = page(14);
        page.wrapped("one two three verylongindeed", 4);
        assert_eq!(page.text, "one two\n    three\n    verylongindeed");
    }

    #[test]
    fn help_stands_beside_its_flags_unless_they_are_long() {
        let rows = |name: &str| [(name.to_owned(), "help of two lines".to_owned())];
        let mut beside = page(20);
        beside.section("Short", &rows("  -a"));
        assert_eq!(beside.text, "\nShort:\n  -a  help of two\n      lines\n");
        let mut below = page(20);
        below.section("Long", &rows("  --abcdef"));
        assert_eq!(
            below.text,
            "\nLong:\n  --abcdef\n          help of\n          two lines\n"
        );
    }

    #[test]
    fn a_variable_is_shown_with_its_value_unless_that_may_be_a_password() {
        let environment = |name: &str| Some(OsString::from(format!("the-{name}")));
        let text = text(Action::Serve, environment);
        let words: Vec<_> = text.split_whitespace().collect();
        let text = words.join(" ");
        assert!(text.contains("[env: PARLOR_PORT=the-PARLOR_PORT]"));
        assert!(text.contains("[env: PARLOR_ICE_SERVER]"));
    }
}
