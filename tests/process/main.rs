//! The real binary as its user meets it: help, wrong values, exit codes, signals, banner, logs,
//! and the actions that look at a server.
//!
//! Process tests (see ARCHITECTURE.md, tests). Every server listens on a port of the system's
//! choice, is ended by its own handle, and sees no environment but the test's. No test sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod access;
mod command_line;
mod files;
mod life;
mod limits;
mod metrics;
mod output;
mod own_certificate;
mod passcode;
mod reached;
mod ready;
#[path = "../support/mod.rs"]
mod support;
#[cfg(all(feature = "systemd", target_os = "linux"))]
mod systemd;
