//! Who sits where. A call has two seats; who sits in the first is its creator.
//!
//! Somebody whose connection was lost keeps a seat that a key belongs to, for a while: it is *held*
//! for them, and taken for everybody else. Who comes with the key takes the seat over, whether it is
//! held or not. If the page still has its connection to the other, the call goes on as it was; it
//! does not if the other seat has changed hands meanwhile, for then that connection leads nowhere.
//!
//! Invariants: a person has one seat at most; a call exists only while a seat of it is taken or
//! held; a key belongs to one seat of a call at most; when the creator leaves, who stays moves up
//! and is the creator for the next person. A person is a socket, also when that is gone: keys of
//! sockets do not come again. Held are a quarter as many seats as there may be calls, at most, so
//! that people who come and go without a word cannot fill the server with absent ones.
//! Room names come from clients, so they are hashed with random keys; the keys of people and
//! calls are made here. Cost of a call: about 350 bytes and 30 for each person, 50 if held.

use super::event::{RoomError, RoomName};
use super::seat_key::SeatKey;
use crate::socketio::SocketKey;
use rustc_hash::FxHashMap;
use slotmap::SlotMap;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

slotmap::new_key_type! {
    struct CallKey;
}

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
    /// Whether its page still has the connection of the call that it was in.
    pub resume: bool,
}

/// What a join leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Seated {
    /// The role in the room.
    pub role: Role,
    /// Whether the person sat elsewhere, or nowhere, before.
    pub new: bool,
    /// The call that was left for it, with who stayed there.
    pub left: Option<Left>,
    /// Whether the seat was that of the person's key already.
    pub taken: Option<Taken>,
    /// Whether the other seat is held for somebody who is away.
    pub peer_away: bool,
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

#[derive(Debug)]
struct Call {
    room: RoomName,
    seats: heapless::Vec<Seat, 2>,
}

#[derive(Debug)]
struct Seat {
    /// Who sits here, or sat here when the connection was lost.
    person: SocketKey,
    key: Option<SeatKey>,
    /// Until when it is held for a person who is away.
    held_until: Option<Instant>,
    /// The person may not know who has the other seat: somebody left it, and they have said
    /// nothing since; or somebody came to it while they were away.
    outdated: bool,
}

const _: () = assert!(size_of::<Seat>() <= 48);

impl Seat {
    /// The person, unless they are away.
    fn present(&self) -> Option<SocketKey> {
        self.held_until.is_none().then_some(self.person)
    }
}

impl Call {
    fn seat_mut(&mut self, person: SocketKey) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.person == person)
    }

    fn opposite(&self, person: SocketKey) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.person != person)
    }
}

/// All calls.
#[derive(Debug)]
pub struct Lobby {
    calls: SlotMap<CallKey, Call>,
    by_room: HashMap<RoomName, CallKey>,
    seats: FxHashMap<SocketKey, CallKey>,
    /// The seats that are held, by the end of it.
    held: BTreeSet<(Instant, SocketKey)>,
    max_rooms: usize,
    max_held: usize,
}

impl Lobby {
    /// An empty lobby with room for so many calls.
    pub fn new(max_rooms: usize) -> Self {
        Self {
            calls: SlotMap::default(),
            by_room: HashMap::new(),
            seats: FxHashMap::default(),
            held: BTreeSet::new(),
            max_rooms,
            max_held: max_rooms.div_ceil(4),
        }
    }

    /// Seats a person, who gives up the seat in another room for it. Nothing changes if that
    /// fails.
    ///
    /// # Errors
    /// [`RoomError::Full`] and [`RoomError::TooManyRooms`].
    pub fn join(&mut self, arrival: Arrival, room: &RoomName) -> Result<Seated, RoomError> {
        let Arrival { person, key, .. } = arrival;
        let found = self.by_room.get(room).copied();
        match found.and_then(|call| self.calls.get(call)) {
            Some(call) => {
                if call.seats.iter().any(|seat| seat.person == person) {
                    return Ok(self.seated(person, false, None, None));
                }
                let own = |seat: &&Seat| key.is_some() && seat.key == key;
                if let Some(seat) = call.seats.iter().find(own) {
                    let (before, from) = (seat.person, seat.present());
                    let resumed = arrival.resume && !seat.outdated;
                    return Ok(self.take_over(arrival, room, before, from, resumed));
                }
                if call.seats.is_full() {
                    return Err(RoomError::Full);
                }
            }
            None => {
                let own = self
                    .seats
                    .get(&person)
                    .and_then(|call| self.calls.get(*call));
                let alone = own.is_some_and(|call| call.seats.len() == 1);
                // Whoever is alone in a room gives it up, which makes place for another one.
                if self.calls.len() - usize::from(alone) >= self.max_rooms {
                    return Err(RoomError::TooManyRooms);
                }
            }
        }
        let left = self.leave(person);
        self.sit_down(person, key, room);
        Ok(self.seated(person, true, left, None))
    }

    /// Gives the seat of `before` to who has come with its key.
    fn take_over(
        &mut self,
        arrival: Arrival,
        room: &RoomName,
        before: SocketKey,
        from: Option<SocketKey>,
        resumed: bool,
    ) -> Seated {
        let person = arrival.person;
        let left = self.leave(person);
        let peer = if resumed {
            self.hand_over(before, person);
            self.peer(person)
        } else {
            let peer = self.leave(before).and_then(|left| left.peer);
            self.sit_down(person, arrival.key, room);
            peer
        };
        let taken = Taken {
            from,
            peer,
            resumed,
        };
        self.seated(person, true, left, Some(taken))
    }

    /// Puts another socket of the same person into a seat.
    fn hand_over(&mut self, before: SocketKey, person: SocketKey) {
        let Some(call_key) = self.seats.remove(&before) else {
            return;
        };
        self.seats.insert(person, call_key);
        let call = self.calls.get_mut(call_key);
        if let Some(seat) = call.and_then(|call| call.seat_mut(before)) {
            seat.person = person;
            if let Some(until) = seat.held_until.take() {
                self.held.remove(&(until, before));
            }
        }
    }

    /// Takes a free seat of a room, which is opened if need be.
    fn sit_down(&mut self, person: SocketKey, key: Option<SeatKey>, room: &RoomName) {
        let (calls, by_room) = (&mut self.calls, &mut self.by_room);
        let call_key = *by_room.entry(room.clone()).or_insert_with(|| {
            calls.insert(Call {
                room: room.clone(),
                seats: heapless::Vec::new(),
            })
        });
        let Some(call) = calls.get_mut(call_key) else {
            return;
        };
        if let Some(other) = call.seats.first_mut() {
            other.outdated |= other.held_until.is_some();
        }
        let seat = Seat {
            person,
            key,
            held_until: None,
            outdated: false,
        };
        if call.seats.push(seat).is_ok() {
            self.seats.insert(person, call_key);
        }
    }

    /// What is to be told of a person who has a seat now.
    fn seated(
        &self,
        person: SocketKey,
        new: bool,
        left: Option<Left>,
        taken: Option<Taken>,
    ) -> Seated {
        let call = self
            .seats
            .get(&person)
            .and_then(|call| self.calls.get(*call));
        let first = call.and_then(|call| call.seats.first());
        let opposite = call.and_then(|call| call.opposite(person));
        Seated {
            role: match first {
                Some(seat) if seat.person != person => Role::Joined,
                _ => Role::Created,
            },
            new,
            left,
            taken,
            peer_away: opposite.is_some_and(|seat| seat.held_until.is_some()),
        }
    }

    /// Takes a person's seat away, if there is one.
    pub fn leave(&mut self, person: SocketKey) -> Option<Left> {
        let call_key = self.seats.remove(&person)?;
        let call = self.calls.get_mut(call_key)?;
        let place = call.seats.iter().position(|seat| seat.person == person)?;
        if let Some(until) = call.seats.remove(place).held_until {
            self.held.remove(&(until, person));
        }
        let room = call.room.clone();
        let Some(other) = call.seats.first_mut() else {
            self.calls.remove(call_key);
            self.by_room.remove(&room);
            return Some(Left { room, peer: None });
        };
        other.outdated = true;
        let peer = other.present();
        Some(Left { room, peer })
    }

    /// Holds the seat of a person whose connection was lost, until then. `None` if it is not held:
    /// there is none, or no key to have it again by, or too many are held already.
    pub fn hold(&mut self, person: SocketKey, until: Instant) -> Option<Left> {
        if self.held.len() >= self.max_held {
            return None;
        }
        let call = self.calls.get_mut(*self.seats.get(&person)?)?;
        let seat = call.seat_mut(person)?;
        if seat.key.is_none() || seat.held_until.is_some() {
            return None;
        }
        seat.held_until = Some(until);
        self.held.insert((until, person));
        Some(Left {
            room: call.room.clone(),
            peer: call.opposite(person).and_then(Seat::present),
        })
    }

    /// When [`expire`](Self::expire) is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.held.first().map(|(until, _)| *until)
    }

    /// Takes away one seat that was held for long enough; who had it, and what they left.
    pub fn expire(&mut self, now: Instant) -> Option<(SocketKey, Left)> {
        self.deadline().filter(|until| *until <= now)?;
        let (_, person) = self.held.pop_first()?;
        Some((person, self.leave(person)?))
    }

    /// A person speaks: the room they sit in, and who is there in the other seat.
    pub fn heard(&mut self, person: SocketKey) -> Option<(&RoomName, Option<SocketKey>)> {
        let call = self.calls.get_mut(*self.seats.get(&person)?)?;
        let mut peer = None;
        for seat in &mut call.seats {
            if seat.person == person {
                seat.outdated = false;
            } else {
                peer = seat.present();
            }
        }
        Some((&call.room, peer))
    }

    /// Who is there in the other seat of the person's room.
    pub fn peer(&self, person: SocketKey) -> Option<SocketKey> {
        let call = self.calls.get(*self.seats.get(&person)?)?;
        call.opposite(person)?.present()
    }

    /// Calls with a seat that is taken or held.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Seats that are taken or held.
    pub fn seats(&self) -> usize {
        self.seats.len()
    }

    /// Seats that are held.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// Whether nobody sits anywhere, and no seat is held.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

#[cfg(test)]
mod tests;
