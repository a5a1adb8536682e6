//! Engine.IO protocol revision 4 (and 3, if it is allowed), pure: bytes and time in, packets and
//! decisions out.
//!
//! Where it stands: between `transport` (which waits for sockets) and `hub` (which owns the
//! sessions). Nothing here waits, reads a clock or draws a random number; `now` and random
//! bytes are arguments. Source: the Engine.IO protocol document, revision 4, and the answers
//! of the reference server `engine.io` 6.6.
//!
//! * [`packet`], [`payload`]: the codecs; [`revision`]: where they differ by revision.
//! * [`handshake`]: the query of a request, its verification, the open packet.
//! * [`request`]: what a handshake's request said, for the layers above.
//! * [`session`]: one connection over its life and transports, as a table of transitions.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod error;
pub mod handshake;
pub mod packet;
pub mod payload;
pub(crate) mod random_id;
pub mod request;
pub mod revision;
pub mod session;
pub mod session_id;

pub use error::{CloseReason, DecodeError, Reject};
pub use packet::{Message, Packet};
pub use request::Request;
pub use revision::{Format, Revision};
pub use session::{Session, SessionKey};
pub use session_id::SessionId;
