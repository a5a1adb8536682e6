//! Logs: one line per event on standard error.
//!
//! It stands beside every layer, which only knows `tracing`. Format: time (UTC), level, target,
//! message, fields. Colour only if standard error is a terminal and `NO_COLOR` is not set
//! (no-color.org). `journalctl` and files get plain text.
//!
//! Invariants: a closed or full standard error loses lines, never the server; control characters
//! that clients sent are escaped by the formatter. Layers log no session ids, passwords or
//! descriptions of calls. Left out: log files and rotation, which the service manager has.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging for the rest of the process.
pub(crate) fn start(levels: Targets) {
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = tracing_subscriber::fmt::layer()
        .compact()
        .with_writer(std::io::stderr)
        .with_ansi(colour && std::io::stderr().is_terminal())
        // It would report a failed write with `eprintln!`, which panics if that fails as well.
        .log_internal_errors(false);
    // A second start in one process (tests) keeps the first.
    let _ = tracing_subscriber::registry()
        .with(layer)
        .with(levels)
        .try_init();
}
