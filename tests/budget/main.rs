//! Memory as a number: how much the decoders hold at most while they read what somebody sends, what
//! a relayed message allocates, and what the server holds for a client that is only there.
//!
//! `allocation_counter` counts what the thread that runs a test allocates; linking it makes it
//! the allocator of this suite, and of no other.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

mod decoding;
mod relaying;
mod serving;
#[path = "../support/socketless.rs"]
mod socketless;
#[path = "../support/mod.rs"]
mod support;
