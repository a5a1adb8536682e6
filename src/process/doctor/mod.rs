//! `parlor doctor`: what a call needs, checked on this machine, and what to do where it is missing.
//!
//! Each check is a pure function over facts; here the facts are collected and the answers printed,
//! one line each: `ok` or `problem`, the subject, and what was found. The running server is asked
//! where there is one (`process::local`), since only it knows what it serves; without one the
//! settings and files are looked at.
//!
//! | file | checks |
//! |---|---|
//! | `serving` | the port, the certificate |
//! | `network` | this machine's addresses, and connecting to them |
//! | `naming` | the answer to our name on each interface, named interfaces, avahi |
//! | `firewall` | ufw, firewalld, nftables |
//! | `turn` | the TURN servers |
//! | `machine` | the clock, open files, the state directory, the passcode's file |
//!
//! Invariants: nothing is changed, but for a file that is written to the state directory, or where
//! that is to be made, and removed, to see that it can be; every check is bounded in time; what cannot be seen is said to be
//! so and is no problem. Exit code 0 only without a problem.

mod firewall;
mod machine;
mod naming;
mod network;
mod serving;
mod turn;

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Context as _;

use crate::config;
use crate::process::certificate::Elsewhere;
use crate::process::{interfaces, local, runtime, urls};
use crate::tls;

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// Nothing to do.
    Ok(String),
    /// What is wrong, and what to do.
    Problem(String),
}

/// A finding about something.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    subject: &'static str,
    finding: Finding,
}

impl Line {
    fn ok(subject: &'static str, what: impl Into<String>) -> Self {
        let finding = Finding::Ok(what.into());
        Self { subject, finding }
    }

    fn problem(subject: &'static str, what: impl Into<String>) -> Self {
        let finding = Finding::Problem(what.into());
        Self { subject, finding }
    }

    fn is_ok(&self) -> bool {
        matches!(self.finding, Finding::Ok(_))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, what) = match &self.finding {
            Finding::Ok(what) => ("ok", what),
            Finding::Problem(what) => ("problem", what),
        };
        write!(f, "{word:8} {:16} {what}", self.subject)
    }
}

/// Checks and prints. The exit code is 1 if there is a problem.
///
/// # Errors
/// If nothing can be checked at all.
pub(crate) fn run(config: &config::Parlor) -> anyhow::Result<ExitCode> {
    let now = SystemTime::now();
    let situation = urls::situation(config);
    let running = local::ask(config);
    let (target, said) = match running {
        Some((target, said)) => (Some(target), Some(said.reach())),
        None => (None, None),
    };
    let certificate = serving::Certificate::find(config, target, now);
    let shown = certificate.as_ref().ok().cloned().flatten();
    let closed = target.map(|_| network::closed(&situation));
    let proxied = !config.site.trusted_proxies.is_empty();
    let mut lines = vec![
        serving::port(config, target),
        network::check(&situation, proxied, closed),
        serving::certificate(certificate, config, target.is_some(), &situation, now),
    ];
    // Files that cannot be read are a problem of other lines.
    let found = tls::look(&config.tls, &urls::wanted(config), now);
    if let Some(elsewhere) = Elsewhere::find(target, found.ok().flatten().as_ref()) {
        // As that of a service does, which only its own user can look into.
        lines.push(Line::ok("authority", elsewhere.to_string()));
    }
    let runtime = runtime(1).context("cannot start the runtime")?;
    lines.extend(runtime.block_on(naming::names(
        config,
        &situation,
        said.as_ref(),
        shown.as_ref(),
    )));
    lines.extend(naming::interfaces(
        &interfaces::list().unwrap_or_default(),
        &config.mdns.interfaces,
    ));
    lines.push(naming::avahi(&naming::Avahi::find()));
    lines.push(machine::clock(&machine::Clock::find(now)));
    lines.push(firewall::check(&firewall::Facts::find(), situation.port()));
    lines.extend(turn::check(config.site.turn.as_ref()));
    lines.extend(machine::passcode(config.passcode_file.as_deref()));
    lines.push(machine::open_files(config.limits.max_connections));
    lines.push(machine::state_dir(config));
    let mut stdout = std::io::stdout().lock();
    for line in &lines {
        // Whoever closed it has seen enough; the exit code tells all the same.
        let _ = writeln!(stdout, "{line}");
    }
    let fine = lines.iter().all(Line::is_ok);
    Ok(ExitCode::from(u8::from(!fine)))
}
