//! Socket.IO protocol revision 5, pure: messages in, events and emissions out.
//!
//! Where it stands: above `engineio`, whose messages it decodes and encodes, and below the
//! application, whose trait ([`Application`]) and tools ([`Io`]) are defined here. `hub` owns
//! the state and carries the emissions out. What is only passed on is never decoded:
//! arguments stay JSON text from socket to socket. Source: the Socket.IO protocol document,
//! revision 5, and the answers of the reference server `socket.io` 4.8.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod acks;
pub mod answers;
pub mod application;
pub mod args;
pub mod argument;
mod attachments;
pub mod broadcast;
pub mod client;
pub mod decode;
pub mod emit;
pub(crate) mod encode;
pub mod error;
pub mod json;
pub(crate) mod queue;
pub(crate) mod recovery;
pub mod registry;
mod rooms;
pub mod socket_id;

pub use acks::{AckError, AckTicket};
pub use answers::{Answers, BroadcastTicket};
pub use application::{Admission, Application, Event, Handshake, Namespace, Refusal};
pub use args::{Arg, Args, OwnedArgs, Placeholder};
pub use argument::{Argument, Attachment, List, Object, Raw};
pub use broadcast::Broadcast;
pub use emit::{Io, Reply};
pub use error::{DecodeError, DisconnectReason, EmitError};
pub use registry::SocketKey;
pub use socket_id::SocketId;
