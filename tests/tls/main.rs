//! The certificates from outside: made in a directory of the test's own, judged by OpenSSL and by a
//! TLS client, with clocks that run as the test says.
//!
//! Layer tests (see ARCHITECTURE.md, tests). They need the command `openssl`; `authority` and
//! `leaf` show it the files, `handshake` and `own` are served over loopback, `clock` and `store` are
//! about time and about what may happen to files. No test sleeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may fail loudly"
)]

mod authority;
mod clock;
mod command;
mod handshake;
mod leaf;
mod own;
mod rig;
mod store;
#[path = "../support/mod.rs"]
mod support;
