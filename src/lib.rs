//! Parlor: a video-chat room server for the home network, and the small, bounded Socket.IO
//! server inside it. See ARCHITECTURE.md for the path of a byte through these modules.
//!
//! A program of one's own implements [`Application`](socketio::Application), whose callbacks
//! are given an [`Io`](socketio::Io) to answer with:
//!
//! ```no_run
//! use parlor::config::{Limits, Protocol};
//! use parlor::http::{bind, server};
//! use parlor::hub::SocketIo;
//! use parlor::socketio::{Application, Event, Io};
//! use parlor::transport::Server;
//! use std::sync::Arc;
//!
//! /// Everybody hears what anybody says.
//! struct Shout;
//!
//! impl Application for Shout {
//!     fn event(&mut self, io: &mut Io<'_>, event: Event<'_>) {
//!         if let ("say", Some(words)) = (event.name, event.args.get(0)) {
//!             let all = io.broadcast("/").from(event.socket);
//!             // Fails only if an argument has no JSON form; this one came in as JSON.
//!             let _ = all.emit("said", &[&words]);
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::new(Protocol::default(), Limits::default(), Arc::default(), SocketIo::new(Shout));
//! let listeners = bind::bind(&["127.0.0.1:3000".parse()?])?;
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! runtime.block_on(server::serve(listeners, server, (), std::future::pending()))?;
//! # Ok(())
//! # }
//! ```
//!
//! `examples/chat_text.rs` is a whole program to begin with, `examples/socketio_server.rs` shows
//! most of what an application can do, and `examples/mount.rs` puts one beside a hyper service of
//! one's own. Until 1.0 the modules that no example uses (the codecs, the session, the hub's
//! engine) are public for tests and for the curious, and may change in any release.

// Module headers are written for readers of the source too, and name private items.
#![allow(rustdoc::private_intra_doc_links)]

mod bounded;
pub mod chat;
pub mod config;
pub mod discovery;
mod encoding;
pub mod engineio;
pub mod http;
pub mod hub;
mod index;
mod party;
pub mod process;
pub mod rate;
pub mod socketio;
pub mod stats;
#[cfg_attr(not(feature = "tls"), path = "tls/no_tls.rs")]
pub mod tls;
pub mod transport;
