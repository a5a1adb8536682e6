//! The room server's application through the hub, without sockets: the whole contract that a
//! client sees, in the exact text of the wire.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may"
)]

mod errors;
mod pages;
mod passcode;
mod rig;
mod rooms;
mod seats;
