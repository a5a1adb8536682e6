//! The room server's application: two people in a room, what they say to set up a call passed
//! on between them. Pure; it stands on top of `socketio` and knows nothing of sockets.
//!
//! | a client emits | it gets | the other person gets |
//! |---|---|---|
//! | `join`, room | `created`, `joined` or `full` | - |
//! | `ready`, room | - | `ready` |
//! | `offer` / `answer` / `candidate`, payload, room | - | the same event with the payload |
//! | `leave`, room | - | `leave` |
//! | (its connection ends) | - | `leave` |
//!
//! A bad room name or a wrong argument is answered with `room-error`, `{code, message}`. Any
//! event may ask for an acknowledgement: `{"ok":true}`, for `join` with `"role"`, or
//! `{"error":{code, message}}`. Who does not sit in a room cannot relay into it: the event is
//! ignored and counted. Payloads are passed on as the JSON text they came in.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod event;
mod handler;
mod lobby;

pub use event::{RoomError, RoomName};
pub use handler::Chat;
pub use lobby::{Lobby, Role};
