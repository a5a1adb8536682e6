//! The command line, as `scripts/bench` passes it on.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::budget::Limits;
use crate::scenario::Scenario;
use crate::server::Server;

/// Where everything is that is started.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    pub(crate) parlor: PathBuf,
    /// A second binary of Parlor's.
    pub(crate) other: Option<PathBuf>,
    pub(crate) parlor_flags: Vec<String>,
    pub(crate) floor: PathBuf,
    pub(crate) socketioxide: PathBuf,
    pub(crate) node_server: PathBuf,
    /// The files that the peers serve: those of Parlor's page.
    pub(crate) public: PathBuf,
    /// Parlor's keys, kept between the starts of one run; also what callgrind writes.
    pub(crate) state: PathBuf,
    /// The processors of a server with one thread, as taskset(1) takes them; none is pinned where
    /// there is only one.
    pub(crate) server_processors: Option<String>,
    /// Those of a server with more.
    pub(crate) all_processors: String,
}

/// How much of everything.
#[derive(Debug, Clone)]
pub(crate) struct Sizes {
    pub(crate) rounds: usize,
    /// Idle clients; the slope is to twice as many.
    pub(crate) idle: usize,
    /// Every idle client answers two of these.
    pub(crate) ping_interval: Duration,
    /// How often that many come and leave.
    pub(crate) cycles: usize,
    /// Relayed messages that are measured.
    pub(crate) messages: usize,
    pub(crate) connects: usize,
    pub(crate) calls: usize,
    /// Requests for a file.
    pub(crate) requests: usize,
    /// Clients that give up half-way.
    pub(crate) churn: usize,
    /// Time without clients in which wake-ups are counted.
    pub(crate) quiet: Duration,
    /// Messages under callgrind, and then twice as many.
    pub(crate) counted: usize,
}

impl Sizes {
    fn full() -> Self {
        Self {
            rounds: 5,
            idle: 3000,
            ping_interval: Duration::from_secs(2),
            cycles: 4,
            messages: 20_000,
            connects: 1000,
            calls: 200,
            requests: 1000,
            churn: 1000,
            quiet: Duration::from_secs(10),
            counted: 10_000,
        }
    }

    fn quick() -> Self {
        Self {
            rounds: 1,
            idle: 1000,
            ping_interval: Duration::from_secs(1),
            cycles: 3,
            messages: 4000,
            connects: 300,
            calls: 40,
            requests: 200,
            churn: 200,
            quiet: Duration::from_secs(3),
            counted: 5000,
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) paths: Paths,
    pub(crate) sizes: Sizes,
    pub(crate) servers: Vec<Server>,
    pub(crate) scenarios: Vec<Scenario>,
    /// Where results are written to, if they are.
    pub(crate) save: Option<PathBuf>,
    /// Facts for the results that the script knows: commit, versions.
    pub(crate) facts: Vec<(String, String)>,
    /// Hold limits instead of measuring.
    pub(crate) budget: Option<Limits>,
}

impl Options {
    /// Reads `--name=value` and the flags without a value.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let arguments: Vec<String> = arguments.collect();
        let quick = arguments.iter().any(|argument| argument == "--quick");
        let mut options = Self {
            paths: Paths::default(),
            sizes: if quick { Sizes::quick() } else { Sizes::full() },
            servers: Server::ALL.to_vec(),
            scenarios: Scenario::ALL.to_vec(),
            save: None,
            facts: Vec::new(),
            budget: None,
        };
        for argument in &arguments {
            match argument.split_once('=') {
                None => match argument.as_str() {
                    "--quick" => {}
                    "--budget" => {
                        options.budget.get_or_insert_default();
                    }
                    _ => bail!("unknown flag {argument}"),
                },
                Some((name, value)) => options.set(name, value)?,
            }
        }
        if options.paths.other.is_none() {
            options.servers.retain(|server| *server != Server::Other);
        }
        ensure!(!options.servers.is_empty(), "no server is left to measure");
        Ok(options)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let path = || PathBuf::from(value);
        match name {
            "--parlor-binary" => self.paths.parlor = path(),
            "--parlor" => self.paths.other = Some(path()),
            "--parlor-flag" => self.paths.parlor_flags.push(value.to_owned()),
            "--floor" => self.paths.floor = path(),
            "--socketioxide" => self.paths.socketioxide = path(),
            "--node-server" => self.paths.node_server = path(),
            "--public" => self.paths.public = path(),
            "--state" => self.paths.state = path(),
            "--save" => self.save = Some(path()),
            "--rounds" => {
                self.sizes.rounds = value.parse().context("--rounds")?;
                ensure!(self.sizes.rounds > 0, "--rounds: at least one");
            }
            "--only" => {
                let scenarios: Result<_> = value.split(',').map(Scenario::named).collect();
                self.scenarios = scenarios?;
            }
            "--servers" => {
                let servers: Result<_> = value.split(',').map(server_named).collect();
                self.servers = servers?;
            }
            "--fact" => {
                let (name, value) = value.split_once('=').context("--fact=NAME=VALUE")?;
                self.facts.push((name.to_owned(), value.to_owned()));
            }
            _ => {
                let limits = self.budget.get_or_insert_default();
                limits.set(name, value)?;
            }
        }
        Ok(())
    }
}

fn server_named(name: &str) -> Result<Server> {
    let mut all = Server::ALL.into_iter();
    let found =
        all.find(|server| server.name() == name || (*server == Server::Other && name == "other"));
    found.with_context(|| {
        let names = Server::ALL.map(Server::name).join(", ");
        format!("there is no server {name}: {names}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options> {
        Options::parse(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn rounds_hold_wherever_quick_stands() {
        assert_eq!(parse(&["--rounds=3", "--quick"]).unwrap().sizes.rounds, 3);
        assert_eq!(parse(&["--quick"]).unwrap().sizes.rounds, 1);
    }

    #[test]
    fn the_second_binary_is_measured_only_when_there_is_one() {
        assert!(!parse(&[]).unwrap().servers.contains(&Server::Other));
        assert!(
            parse(&["--parlor=x"])
                .unwrap()
                .servers
                .contains(&Server::Other)
        );
    }

    #[test]
    fn what_is_unknown_is_an_error() {
        assert!(parse(&["--fast"]).is_err());
        assert!(parse(&["--fast=1"]).is_err());
        assert!(parse(&["--only=relay,nothing"]).is_err());
        assert!(parse(&["--servers=nginx"]).is_err());
        assert!(parse(&["--rounds=0"]).is_err());
    }
}
