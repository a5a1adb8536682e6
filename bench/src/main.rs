//! Measures Parlor beside other servers of its kind, and draws the table; `scripts/bench` builds
//! what is needed and runs it.
//!
//! Every scenario starts a server of its own, on a processor of its own, and loads it from this
//! process. Rounds go through all scenarios and servers, in an order that changes with each round,
//! so that what disturbs the machine for a while disturbs them all. A scenario in which a message is
//! lost, changed or out of order fails, and so does the run.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it measured goes to standard output, how far it is to standard error"
)]

mod budget;
mod load;
mod machine;
mod options;
mod process;
mod report;
mod results;
mod rows;
mod scenario;
mod server;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context, Result};

use budget::Limits;
use options::Options;
use report::Table;
use results::Results;
use scenario::Bench;
use server::Server;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything went well.
fn run() -> Result<bool> {
    let mut options = Options::parse(env::args().skip(1))?;
    machine::raise_file_limit()?;
    machine::share_processors(&mut options.paths)?;
    if let Some(limits) = &options.budget {
        return hold(&options, limits);
    }
    let (results, complete) = measure(&options);
    let tables = tables(&options, &results);
    for (title, table) in &tables {
        println!("\n{title}\n{}", table.text());
    }
    if let Some(folder) = &options.save {
        save(folder, &options, &results, &tables)?;
    }
    Ok(complete)
}

fn hold(options: &Options, limits: &Limits) -> Result<bool> {
    let bench = Bench {
        paths: &options.paths,
        sizes: &options.sizes,
    };
    let figures = budget::figures(&bench, limits)?;
    for figure in &figures {
        println!("{figure}");
    }
    Ok(figures.iter().all(budget::Figure::holds))
}

/// All rounds. What fails is told and left out, and the rest goes on.
fn measure(options: &Options) -> (Results, bool) {
    let bench = Bench {
        paths: &options.paths,
        sizes: &options.sizes,
    };
    let (mut results, mut complete) = (Results::default(), true);
    for round in 0..options.sizes.rounds {
        for (number, &scenario) in options.scenarios.iter().enumerate() {
            if round > 0 && !scenario.is_repeated() {
                continue;
            }
            let mut servers = options.servers.clone();
            let turn = (round + number) % servers.len();
            servers.rotate_left(turn);
            for server in servers.into_iter().filter(|&server| scenario.fits(server)) {
                eprintln!(
                    "round {} of {}: {}, {}",
                    round + 1,
                    options.sizes.rounds,
                    scenario.name(),
                    server.name()
                );
                match scenario.run(&bench, server) {
                    Ok(samples) => {
                        for (row, sample) in samples {
                            results.add(row, server, sample);
                        }
                    }
                    Err(error) => {
                        complete = false;
                        eprintln!("bench: error: {error:#}");
                    }
                }
            }
        }
    }
    (results, complete)
}

/// One for each binary of Parlor's.
fn tables(options: &Options, results: &Results) -> Vec<(String, Table)> {
    let mut tables = Vec::new();
    if options
        .servers
        .iter()
        .any(|&server| server != Server::Other)
    {
        let title = "The release binary".to_owned();
        tables.push((title, Table::of(results, &options.sizes, Server::Parlor)));
    }
    if let (Some(other), true) = (
        &options.paths.other,
        options.servers.contains(&Server::Other),
    ) {
        let title = format!("Another binary: {}", label(other));
        tables.push((title, Table::of(results, &options.sizes, Server::Other)));
    }
    tables
}

/// What tells a binary from others: where it was built for, if its path says that.
fn label(binary: &Path) -> String {
    let target = binary.components().rev().find_map(|part| {
        let part = part.as_os_str().to_string_lossy();
        part.contains("-linux-").then(|| part.into_owned())
    });
    let name = binary.file_name().unwrap_or_default().to_string_lossy();
    target.unwrap_or_else(|| name.into_owned())
}

fn save(
    folder: &Path,
    options: &Options,
    results: &Results,
    tables: &[(String, Table)],
) -> Result<()> {
    let mut facts = machine::facts();
    facts.extend(options.facts.iter().cloned());
    facts.push(("rounds".to_owned(), options.sizes.rounds.to_string()));
    for (file, text) in [
        ("RESULTS.md", report::document(&facts, tables)),
        ("results.svg", report::drawing(results, &options.sizes)),
    ] {
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_told_by_its_target_or_its_name() {
        let musl = Path::new("target/x86_64-unknown-linux-musl/release/parlor");
        assert_eq!(label(musl), "x86_64-unknown-linux-musl");
        assert_eq!(label(Path::new("/opt/parlor-before")), "parlor-before");
    }
}
