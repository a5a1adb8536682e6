//! What several suites share: raw HTTP over a socket, a server in this process, the real binary,
//! and directories that vanish.
//!
//! | file | gives |
//! |---|---|
//! | `raw` | [`raw::get`], [`raw::send`]: bytes out, a parsed [`raw::Answer`] back |
//! | `session` | [`session::Polling`], [`session::WebSocket`]: Engine.IO by hand |
//! | `server` | [`server::Running`]: a server on a free port, in this process |
//! | `binary` | [`binary::Parlor`]: the real binary; ends only the process it started, by its handle |
//! | `exposition` | [`exposition::read`]: what `/metrics` says |
//! | `dir` | [`dir::TempDir`]: a new directory below the build's own temporary one |
//!
//! `socketless`, a server without sockets, is taken in by itself.
//!
//! A suite takes it in with `#[path = "../support/mod.rs"] mod support;`.
//!
//! Everything waits for a fact with a time limit (a line, an answer, an exit), never for a time.

#![allow(dead_code, reason = "each suite uses its own part of this")]

pub(crate) mod binary;
pub(crate) mod dir;
pub(crate) mod exposition;
pub(crate) mod raw;
pub(crate) mod server;
pub(crate) mod session;
