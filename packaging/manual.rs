//! Writes what packages say about the command line: the manual page and the completions of bash, zsh
//! and fish. `scripts/package` runs it.
//!
//!     cargo run --example manual -- DIRECTORY DATE
//!
//! All of it is made from the table of flags that the program itself reads (`process::command`), so
//! that none can be forgotten. The page's other sections are in `parlor.1.in` beside this file; a
//! mark there, such as `@OPTIONS@`, is where a generated one goes. `DATE` is the page's, as 2026-11-29:
//! it is an argument so that one tree always gives the same files.
//!
//! It is an example to Cargo, which is how the two generators stay out of the program.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The sections that are written by hand.
const PAGE: &str = include_str!("parlor.1.in");

type Section = Result<String, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args_os().skip(1);
    let (Some(directory), Some(date)) = (arguments.next(), arguments.next()) else {
        return Err("usage: manual DIRECTORY DATE".into());
    };
    let directory = PathBuf::from(directory);
    let date = date.into_string().map_err(|_| "the date is not UTF-8")?;
    fs::create_dir_all(&directory)?;
    fs::write(directory.join("parlor.1"), page(date)?)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut parlor::process::command(), "parlor", &directory)?;
    }
    Ok(())
}

/// The page: what is written by hand, the marks replaced.
fn page(date: String) -> Section {
    let man = Man::new(parlor::process::command())
        .title("PARLOR")
        .date(date)
        .manual("User Commands");
    let mut page = String::new();
    let mut generated = 0;
    for line in PAGE.lines() {
        let section = match line {
            "@TITLE@" => section(|to| man.render_title(to))?,
            "@NAME@" => section(|to| man.render_name_section(to))?,
            "@COMMANDS@" => commands(),
            "@OPTIONS@" => section(|to| man.render_options_section(to))?,
            line => {
                page.push_str(line);
                page.push('\n');
                continue;
            }
        };
        page.push_str(&section);
        generated += 1;
    }
    match generated {
        4 => Ok(page),
        _ => Err("parlor.1.in has not each of its four marks once".into()),
    }
}

/// What a function of clap_mangen's writes.
fn section(write: impl Fn(&mut dyn std::io::Write) -> std::io::Result<()>) -> Section {
    let mut bytes = Vec::new();
    write(&mut bytes)?;
    Ok(String::from_utf8(bytes)?)
}

/// The actions: there is no page for each, since they take the same flags.
fn commands() -> String {
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for action in parlor::process::command().get_subcommands() {
        let about = action.get_about().map(ToString::to_string);
        roff.control("TP", []);
        roff.text([bold(action.get_name())]);
        roff.text([roman(about.unwrap_or_default() + ".")]);
    }
    roff.render()
}
