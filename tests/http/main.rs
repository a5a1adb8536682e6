//! The web site over real sockets: raw requests in, raw answers out.
//!
//! Layer tests (see ARCHITECTURE.md, tests): the site and the accept loop run in this process on a
//! port of the system's choice, and every request is written byte by byte, because the tests are
//! about what a browser would never send as much as about what it does. No test sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod embedded;
mod hostile;
mod public;
#[path = "../support/mod.rs"]
mod support;
