//! Parlor: a video-chat room server for the home network, and the small, bounded Socket.IO
//! server inside it. See ARCHITECTURE.md for the path of a byte through these modules.

pub mod config;
pub mod http;
pub mod process;
