//! Parlor: a video-chat room server for the home network, and the small, bounded Socket.IO
//! server inside it. See ARCHITECTURE.md for the path of a byte through these modules.

// Module headers are written for readers of the source too, and name private items.
#![allow(rustdoc::private_intra_doc_links)]

pub mod chat;
pub mod config;
pub mod engineio;
pub mod http;
pub mod hub;
pub mod process;
pub mod rate;
pub mod socketio;
pub mod stats;
pub mod transport;
