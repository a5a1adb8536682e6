//! The HTTP edge over real sockets: raw requests in, raw answers out. `embedded`, `public`,
//! `trust`, `turn`, `metrics` and `hostile` are about the web site, `guard` and `limits` about both, the
//! others about the protocol's requests.
//!
//! Layer tests (see ARCHITECTURE.md, tests): server and accept loop run in this process on a
//! port of the system's choice, and every request is written byte by byte, because the tests are
//! about what a browser would never send as much as about what it does. No test sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod bodies;
mod client_files;
mod compression;
mod cors;
mod eio3;
mod embedded;
mod guard;
mod hooks;
mod hostile;
mod limits;
mod metrics;
mod mount;
mod panics;
mod passcode;
mod public;
mod seats;
mod secure;
#[path = "../support/mod.rs"]
mod support;
mod trust;
mod turn;
mod upgrades;
mod verification;
mod visit;
mod waiting;
