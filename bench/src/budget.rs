//! The budget that continuous integration holds: counts only, never times, which are noise on a
//! machine that does other things.

use std::fmt;

use anyhow::{Context, Result, bail};

use crate::rows::Unit;
use crate::scenario::{Bench, idle_web_sockets, relay};
use crate::server::Server;

/// What a count may be at most. Each can be set by `--NAME=NUMBER`.
#[derive(Debug)]
pub(crate) struct Limits {
    /// User instructions of Parlor's for each relayed candidate, one at a time: 7 900, and room for
    /// another compiler. 4 500 would be possible without a runtime's timers, and with all code built for
    /// speed.
    instructions: f64,
    /// The same of the floor's. If it needs more, it is no floor, and ratios to it say nothing.
    floor_instructions: f64,
    /// Bytes of Parlor's own for each idle WebSocket client of a thousand: a small task, the runtime's
    /// record of the socket, the session, client and socket of the hub, and a share of the code that
    /// is touched first by them.
    idle_bytes: f64,
    /// The stripped binary with everything in it: 3.44 MB, of which held seats, the guard, the
    /// passcode, the limits and their numbers are 0.15.
    binary_bytes: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            instructions: 8500.0,
            floor_instructions: 1200.0,
            idle_bytes: 1500.0,
            binary_bytes: 3_500_000.0,
        }
    }
}

impl Limits {
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let limit = match name {
            "--instructions" => &mut self.instructions,
            "--floor-instructions" => &mut self.floor_instructions,
            "--idle-bytes" => &mut self.idle_bytes,
            "--binary-bytes" => &mut self.binary_bytes,
            _ => bail!("unknown flag {name}"),
        };
        *limit = value.parse().with_context(|| name.to_owned())?;
        Ok(())
    }
}

/// One count and its limit.
pub(crate) struct Figure {
    what: &'static str,
    count: f64,
    limit: f64,
}

impl Figure {
    pub(crate) fn holds(&self) -> bool {
        self.count <= self.limit
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |value| crate::report::number(value, Unit::Bytes);
        let (count, limit) = (number(self.count), number(self.limit));
        let verdict = if self.holds() { "holds" } else { "IS ABOVE" };
        write!(f, "{}: {count} {verdict} the limit of {limit}", self.what)
    }
}

/// Counts everything.
pub(crate) fn figures(bench: &Bench<'_>, limits: &Limits) -> Result<Vec<Figure>> {
    let instructions = |server| -> Result<f64> {
        let samples = relay::instructions(bench, server)?;
        let (_, count) = samples.first().context("no count")?;
        Ok(*count)
    };
    let [idle, _] = idle_web_sockets(bench, Server::Parlor)?;
    Ok(vec![
        Figure {
            what: "user instructions per relayed candidate",
            count: instructions(Server::Parlor)?,
            limit: limits.instructions,
        },
        Figure {
            what: "those of the floor",
            count: instructions(Server::Floor)?,
            limit: limits.floor_instructions,
        },
        Figure {
            what: "bytes per idle WebSocket client",
            count: idle,
            limit: limits.idle_bytes,
        },
        Figure {
            what: "bytes of the binary",
            count: bench.paths.parlor.metadata()?.len() as f64,
            limit: limits.binary_bytes,
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_whether_it_holds() {
        let mut figure = Figure {
            what: "bytes",
            count: 1200.0,
            limit: 1200.0,
        };
        assert_eq!(figure.to_string(), "bytes: 1 200 holds the limit of 1 200");
        figure.count = 1201.0;
        assert_eq!(
            figure.to_string(),
            "bytes: 1 201 IS ABOVE the limit of 1 200"
        );
        assert!(!figure.holds());
    }

    #[test]
    fn a_limit_can_be_set_by_its_name() {
        let mut limits = Limits::default();
        limits.set("--idle-bytes", "700").unwrap();
        assert!((limits.idle_bytes - 700.0).abs() < f64::EPSILON);
        assert!(limits.set("--idle", "700").is_err());
        assert!(limits.set("--idle-bytes", "few").is_err());
    }
}
