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
//! Who connects with a [key](SeatKey) and is lost without a word keeps the seat for a while, and has
//! it again by the key, as does a second page with the same key:
//!
//! | what happens | it gets | the other person gets |
//! |---|---|---|
//! | its connection is lost | - | `peer-away` |
//! | it is away for too long, or its key asks for another room | - | `leave` |
//! | `join`, room, by its key | `created` or `joined` | `leave` |
//! | `join`, room, `{"resume":true}`, by its key | the same, its role as it was | `peer-back` if it was away |
//! | the same, but the other seat has changed hands | `leave`, then the same | `leave` |
//! | the same when the other was told `leave` already | `leave`, then `joined` | - |
//! | `leave`, room, `{"page":N}`, by the next connection | - | `leave` |
//!
//! The socket that had the seat until then gets `taken-over`, if it is there. After `created` or
//! `joined` comes `peer-away` if the other person is away; what is said to them goes nowhere.
//!
//! Pages with one key (a tab that was duplicated) tell themselves apart by a number, `page` of `join`'s
//! second argument. A join that a person asked for takes the seat over from the other page. One that
//! says `"again":true` (or resumes) is that of a page that comes back by itself, as one does that
//! stood still while its copy was asked for: where another page has the seat, it gets `taken-over`.
//! So every change of pages has a person behind it, and two pages cannot go on displacing each other.
//!
//! If the server has a [passcode](Passcode), a connect must present it as `passcode` of its auth object.
//! Whoever does not gets a connect error with the data `{"code":"passcode"}`; an address that guesses is
//! slowed, and gets `{"code":"later"}` if it guesses faster than that.
//!
//! A bad room name or a wrong argument is answered with `room-error`, `{code, message}`. Any
//! event may ask for an acknowledgement: `{"ok":true}`, for `join` with `"role"`, for one that
//! resumes also with `"peer"`, which says whether the other seat is somebody's; or
//! `{"error":{code, message}}`. Who does not sit in a room cannot relay into it: the event is
//! ignored and counted. Payloads are passed on as the JSON text they came in.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod door;
mod event;
mod handler;
mod lobby;
mod numbers;
mod passcode;
mod seat_key;

pub use event::{RoomError, RoomName};
pub use handler::Chat;
pub use lobby::{Lobby, Role};
pub use passcode::Passcode;
pub use seat_key::SeatKey;
