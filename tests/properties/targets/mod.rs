//! Properties that hold for any bytes: one function a target, `check(&[u8])`, which panics when
//! its property does not hold.
//!
//! | target | bytes become | what must hold |
//! |---|---|---|
//! | [`packet`] | an Engine.IO text packet | it means what the protocol says, and encodes to that again |
//! | [`payload`] | a polling body | every packet in order; an outbox writes the same body |
//! | [`payload_v3`] | a body of revision 3, text or binary | a second reading agrees; it is written as it is read |
//! | [`websocket`] | RFC 6455 frames, cut anywhere | the same messages however they were cut, within the limit |
//! | [`decoder`] | Socket.IO messages | a second decoder over serde_json agrees, and so does who is told |
//! | [`session`] | what may happen to a session | nothing lost, doubled or reordered; everybody answered |
//! | [`hub`] | clients of a whole server | each receiver once, in order; nothing left when all have gone |
//!
//! These files are part of two programs: the test suite `properties` runs them with random bytes
//! and with what fuzzing has found, the package in `fuzz/` with bytes that a fuzzer makes. So they
//! use the crate's public interface only.

#![allow(dead_code, reason = "each fuzz target uses one of these")]

pub(crate) mod decoder;
pub(crate) mod hub;
pub(crate) mod packet;
pub(crate) mod payload;
pub(crate) mod payload_v3;
mod reader;
mod reference;
pub(crate) mod session;
pub(crate) mod websocket;

use parlor::engineio::request::Request;
use parlor::engineio::session::ConnectionKey;
use slotmap::KeyData;
use std::net::{IpAddr, Ipv4Addr};

/// The key of a WebSocket; another number, another WebSocket.
fn connection(n: u32) -> ConnectionKey {
    KeyData::from_ffi(u64::from(n) | 1 << 32).into()
}

/// What a handshake asked for.
fn request() -> Request {
    Request::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST))
}
