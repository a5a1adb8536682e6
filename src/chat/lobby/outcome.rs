//! What the lobby is asked, and what it answers: who comes, who sits where then, who has gone.

use super::super::event::{Intent, Page, RoomName};
use super::super::seat_key::SeatKey;
use crate::socketio::SocketKey;

/// What a person is in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// First: makes the offer.
    Created,
    /// Second: says when it is ready.
    Joined,
}

/// Who wants a seat.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The socket.
    pub person: SocketKey,
    /// The key that it brought.
    pub key: Option<SeatKey>,
    /// The page that it is of, if that says so.
    pub page: Option<Page>,
    /// What it comes for.
    pub intent: Intent,
}

/// What a join leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Seated {
    /// The role in the room.
    pub role: Role,
    /// Whether the person sat elsewhere, or nowhere, before.
    pub new: bool,
    /// The calls that were left for it, with who stayed there: the person's own, and one with a
    /// seat that was held for the key.
    pub left: heapless::Vec<Left, 2>,
    /// Whether the seat was that of the person's key already.
    pub taken: Option<Taken>,
    /// Whether a call that they had in this room is over for certain: it does not go on in the seat
    /// that they took over, or who sits opposite was told that they have left.
    pub is_over: bool,
    /// Who has the other seat.
    pub opposite: Opposite,
}

/// Who has the other seat of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opposite {
    /// Nobody.
    Empty,
    /// Somebody who is there.
    Present,
    /// Somebody who is away: it is held.
    Away,
}

/// A seat that was taken over by its key.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Who sat in it until now; nobody if it was held.
    pub from: Option<SocketKey>,
    /// Who is there in the other seat.
    pub peer: Option<SocketKey>,
    /// Whether the call goes on; if not, it is as if they had left and come anew.
    pub resumed: bool,
}

/// A call that somebody left, for good or for a while.
#[derive(Debug, PartialEq, Eq)]
pub struct Left {
    /// The room.
    pub room: RoomName,
    /// Who stays and is there; its creator, if it was left for good.
    pub peer: Option<SocketKey>,
}

/// What it leads to that a seat is held.
#[derive(Debug, PartialEq, Eq)]
pub struct Away {
    /// The room, and who stays there.
    pub left: Left,
    /// The call with the seat that was held for the same key until now.
    pub vacated: Option<Left>,
    /// The room with nobody there that was given up for it.
    pub given_up: Option<RoomName>,
}
