//! Logs: one line per event on standard error.
//!
//! It stands beside every layer, which only knows `tracing`. Format: time (UTC), level, target,
//! message, fields. Colour only if standard error is a terminal and `NO_COLOR` is not set
//! (no-color.org). Files get plain text, and systemd's journal lines of its own kind
//! (`systemd::journal`).
//!
//! Invariants: a closed or full standard error loses lines, never the server; control characters
//! that clients sent are escaped by the formatter. Layers log no session ids, passwords or
//! descriptions of calls. Left out: log files and rotation, which the service manager has.

use std::io::{self, IsTerminal as _, Write as _};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::process::systemd;

/// Starts logging for the rest of the process.
pub(crate) fn start(levels: Targets) {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = tracing_subscriber::fmt::layer()
        .compact()
        .map_event_format(systemd::lines)
        .with_writer(io::stderr)
        .with_ansi(colour && io::stderr().is_terminal())
        // It would report a failed write with `eprintln!`, which panics if that fails as well.
        .log_internal_errors(false);
    if systemd::is_journal() {
        // Lines of the default hook would be records of their own, and no errors.
        std::panic::set_hook(Box::new(|panic| complain(&panic.to_string())));
    }
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(levels)
        .try_init();
}

/// An error outside of the log, in one line on standard error; if that is closed, nobody wants it.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(
        io::stderr(),
        "{}",
        systemd::mark(&format!("parlor: {line}"))
    );
}
