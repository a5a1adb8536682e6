//! A call: its two seats, and who sits in them. What happens to them is the lobby's to say.
//!
//! Invariant: a seat that is held has a key.

use super::super::event::{Page, RoomName};
use super::super::seat_key::SeatKey;
use crate::socketio::SocketKey;
use std::time::Instant;

/// A room with somebody in it, or with a seat that is held.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) room: RoomName,
    /// The creator's first.
    pub(super) seats: heapless::Vec<Seat, 2>,
    /// How nobody is there, as the lobby has noted it.
    pub(super) noted: Option<Desertion>,
}

/// A call with nobody there. The least of them is missed the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Desertion {
    /// Whether both seats are held: two were in a call, not one waiting for the other.
    of_two: bool,
    /// The end of the last seat that is held.
    until: Instant,
}

#[derive(Debug)]
pub(super) struct Seat {
    /// Who sits here, or sat here when the connection was lost.
    pub(super) person: SocketKey,
    pub(super) key: Option<SeatKey>,
    pub(super) page: Option<Page>,
    /// Until when it is held for a person who is away.
    pub(super) held_until: Option<Instant>,
    /// The person may not know who has the other seat: somebody left it or came to it, and they have
    /// said nothing since. So they have no call with whoever that is.
    pub(super) outdated: bool,
}

const _: () = assert!(size_of::<Seat>() <= 48);

impl Seat {
    /// The person, unless they are away.
    pub(super) fn present(&self) -> Option<SocketKey> {
        self.held_until.is_none().then_some(self.person)
    }

    /// Whether it is that of this key. Who has none has no seat by it.
    pub(super) fn is_of(&self, key: Option<SeatKey>) -> bool {
        key.is_some() && self.key == key
    }
}

impl Call {
    pub(super) fn seat_mut(&mut self, person: SocketKey) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.person == person)
    }

    pub(super) fn opposite(&self, person: SocketKey) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.person != person)
    }

    /// How nobody is there; `None` if somebody is, or no seat is held.
    pub(super) fn desertion(&self) -> Option<Desertion> {
        let ends = self.seats.iter().map(|seat| seat.held_until);
        let ends = ends.collect::<Option<heapless::Vec<Instant, 2>>>()?;
        Some(Desertion {
            of_two: ends.is_full(),
            until: ends.into_iter().max()?,
        })
    }
}
