//! The scenarios: each starts a server of its own, loads it, and gives samples for rows.

mod calls;
mod idle;
mod messages;
pub(crate) mod relay;
mod small;

use anyhow::{Context, Result};

use crate::options::{Paths, Sizes};
use crate::rows::Row;
use crate::server::{Running, Server, Settings};

pub(crate) use idle::web_sockets as idle_web_sockets;

/// What one run of a scenario has measured.
pub(crate) type Samples = Vec<(Row, f64)>;

/// What all scenarios need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bench<'a> {
    pub(crate) paths: &'a Paths,
    pub(crate) sizes: &'a Sizes,
}

impl Bench<'_> {
    pub(crate) fn start(&self, server: Server, settings: &Settings) -> Result<Running> {
        Running::start(server, self.paths, settings)
    }
}

/// A group of rows that is measured together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    Start,
    Idle,
    Cycles,
    Connect,
    Relay,
    Workers,
    Call,
    Static,
    Churn,
    Wakeups,
    Instructions,
}

impl Scenario {
    pub(crate) const ALL: [Self; 11] = [
        Self::Start,
        Self::Idle,
        Self::Cycles,
        Self::Connect,
        Self::Relay,
        Self::Workers,
        Self::Call,
        Self::Static,
        Self::Churn,
        Self::Wakeups,
        Self::Instructions,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Idle => "idle",
            Self::Cycles => "cycles",
            Self::Connect => "connect",
            Self::Relay => "relay",
            Self::Workers => "workers",
            Self::Call => "call",
            Self::Static => "static",
            Self::Churn => "churn",
            Self::Wakeups => "wakeups",
            Self::Instructions => "instructions",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL
            .into_iter()
            .find(|scenario| scenario.name() == name);
        found.with_context(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no scenario {name}: {names}")
        })
    }

    /// Whether this server has what is measured.
    pub(crate) fn fits(self, server: Server) -> bool {
        match self {
            Self::Workers => server.is_parlor(),
            Self::Static | Self::Churn => server.speaks_http(),
            // Callgrind counts what a just-in-time compiler writes, too, but slowly and for no use.
            Self::Instructions => server != Server::SocketIo,
            _ => true,
        }
    }

    /// Counts are the same in every round.
    pub(crate) fn is_repeated(self) -> bool {
        self != Self::Instructions
    }

    pub(crate) fn run(self, bench: &Bench<'_>, server: Server) -> Result<Samples> {
        let run = match self {
            Self::Start => small::start,
            Self::Idle => idle::run,
            Self::Cycles => idle::cycles,
            Self::Connect => calls::connect,
            Self::Relay => relay::run,
            Self::Workers => relay::workers,
            Self::Call => calls::run,
            Self::Static => small::file,
            Self::Churn => idle::churn,
            Self::Wakeups => small::wake_ups,
            Self::Instructions => relay::instructions,
        };
        run(bench, server).with_context(|| format!("{} of {}", self.name(), server.name()))
    }
}
