//! `parlor urls`: what to open, from the running server, with a code to scan.
//!
//! The server is asked, because only it knows what its name became and what its certificate covers.
//! If none runs, the settings tell what it would be, without a code, as there is nothing to scan.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::config;
use crate::discovery::own_label;
use crate::http::{Reach, bind};
use crate::process::reach::Situation;
use crate::process::{banner, host, interfaces, local};
use crate::tls::Names;

/// Prints them; a closed standard output is no error.
pub(crate) fn run(config: &config::Parlor) {
    let situation = situation(config);
    let text = match local::ask(config) {
        Some((_, said)) => {
            let reach = said.reach();
            banner::list(&situation, &reach) + &banner::extras(&situation, &reach)
        }
        None => {
            let ports: BTreeSet<_> = situation.bound.iter().map(|one| one.port()).collect();
            let ports: Vec<_> = ports.iter().map(ToString::to_string).collect();
            format!(
                "Parlor is not running here on port {}. Started with these settings it would be \
                 opened at:\n{}",
                ports.join(", "),
                banner::list(&situation, &expected(config, &situation))
            )
        }
    };
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
}

/// How a server with these settings would be bound and among what.
pub(crate) fn situation(config: &config::Parlor) -> Situation {
    let listen = match config.listen.as_slice() {
        [] => vec![bind::DEFAULT],
        listen => listen.to_vec(),
    };
    Situation {
        schemes: config.site.schemes,
        bound: listen,
        home: interfaces::home(
            &interfaces::list().unwrap_or_default(),
            &config.mdns.interfaces,
        ),
        machine: host::name(),
    }
}

/// What a certificate for these settings should cover.
pub(crate) fn wanted(config: &config::Parlor) -> Names {
    let situation = situation(config);
    situation.names(&name(config, &situation))
}

/// What it would tell if its name is free and its certificate covers everything.
fn expected(config: &config::Parlor, situation: &Situation) -> Reach {
    let mut names = name(config, situation);
    if situation.places().is_empty() {
        names.clear();
    }
    situation.reach(&names, None)
}

/// The name that is announced unless it is taken.
fn name(config: &config::Parlor, situation: &Situation) -> BTreeSet<String> {
    let label = own_label(&config.mdns.name, situation.machine.as_deref());
    let announced = config.mdns.enabled && situation.port().is_some();
    announced
        .then(|| format!("{label}.local"))
        .into_iter()
        .collect()
}
