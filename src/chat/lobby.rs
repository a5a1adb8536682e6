//! Who sits where. A call has two seats; who sits in the first is its creator.
//!
//! Somebody whose connection was lost keeps a seat that a key belongs to, for a while: it is *held*
//! for them, and taken for everybody else. Who comes with the key takes the seat over, whether it is
//! held or not. If the page still has its connection to the other, the call goes on as it was; it
//! does not if the other seat has changed hands meanwhile, for then that connection leads nowhere.
//!
//! Two pages may have one key (a tab that was duplicated). A person who asks for the seat gets it
//! from the other page; a page that comes by itself does not, so the two never take it from each
//! other in turns. A key keeps one seat: asked for elsewhere, or lost elsewhere, it gives up the one
//! that was held for it.
//!
//! Invariants: a person has one seat at most; a call exists only while a seat of it is taken or
//! held; a key belongs to one seat of a call at most, and to one held seat in all; when the creator
//! leaves, who stays moves up and is the creator for the next person. A person is a socket, also when
//! that is gone: keys of sockets do not come again. A held seat opposite somebody who is there costs
//! no room. Rooms with nobody there are a quarter of all at most, so that people who come and go
//! without a word cannot fill the server: of one more, the one that is deserted the longest is given up,
//! but none in which two were in a call while there is one that somebody had alone.
//! Room names come from clients, so they are hashed with random keys; the keys of people and
//! calls are made here. Cost of a call: about 350 bytes and 30 for each person, 100 if held.

mod call;
mod held;
mod outcome;

use super::event::{Intent, Page, RoomError, RoomName};
use super::seat_key::SeatKey;
use crate::socketio::SocketKey;
use call::{Call, Desertion, Seat};
use held::Held;
pub use outcome::Role;
pub(super) use outcome::{Arrival, Away, Left, Opposite, Seated, Taken};
use rustc_hash::FxHashMap;
use slotmap::SlotMap;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

slotmap::new_key_type! {
    struct CallKey;
}

/// All calls.
#[derive(Debug)]
pub struct Lobby {
    calls: SlotMap<CallKey, Call>,
    by_room: HashMap<RoomName, CallKey>,
    seats: FxHashMap<SocketKey, CallKey>,
    held: Held,
    /// The calls with nobody there, the first being the next to be given up.
    deserted: BTreeSet<(Desertion, CallKey)>,
    max_rooms: usize,
    max_deserted: usize,
}

/// So many rooms with nobody there a small server keeps, too.
const FEW_ROOMS: usize = 4;

impl Lobby {
    /// An empty lobby with room for so many calls.
    pub fn new(max_rooms: usize) -> Self {
        Self {
            calls: SlotMap::default(),
            by_room: HashMap::new(),
            seats: FxHashMap::default(),
            held: Held::default(),
            deserted: BTreeSet::new(),
            max_rooms,
            max_deserted: max_rooms.min(FEW_ROOMS.max(max_rooms / 4)),
        }
    }

    /// Seats a person, who gives up the seat in another room for it. Nothing changes if that
    /// fails.
    ///
    /// # Errors
    /// [`RoomError::Full`], [`RoomError::TooManyRooms`] and [`RoomError::TakenOver`].
    pub fn join(&mut self, arrival: Arrival, room: &RoomName) -> Result<Seated, RoomError> {
        let Arrival { person, key, .. } = arrival;
        let mut is_over = false;
        let found = self.by_room.get(room).copied();
        match found.and_then(|call| self.calls.get(call)) {
            Some(call) => {
                if call.seats.iter().any(|seat| seat.person == person) {
                    // Whoever still has the call of before knows that nobody is there for now.
                    let goes_on = arrival.intent == Intent::Resume && call.seats.len() == 1;
                    self.heard(person, |_| goes_on);
                    return Ok(self.seated(person, false, heapless::Vec::new(), None));
                }
                if let Some(seat) = call.seats.iter().find(|seat| seat.is_of(key)) {
                    if arrival.intent != Intent::Asked && seat.page != arrival.page {
                        return Err(RoomError::TakenOver);
                    }
                    let (before, from) = (seat.person, seat.present());
                    let resumed = arrival.intent == Intent::Resume && !seat.outdated;
                    return Ok(self.take_over(arrival, room, before, from, resumed));
                }
                if call.seats.is_full() {
                    return Err(RoomError::Full);
                }
                is_over = call.seats.iter().any(|seat| seat.outdated);
            }
            None => {
                let given_up = [Some(person), self.held_elsewhere(&arrival)];
                let freed = given_up.into_iter().flatten();
                let freed = freed.filter(|person| self.is_single(*person)).count();
                // Whoever is alone in a room gives it up, which makes place for another one.
                if self.calls.len().saturating_sub(freed) >= self.max_rooms {
                    return Err(RoomError::TooManyRooms);
                }
            }
        }
        let left = self.leave_others(&arrival);
        self.sit_down(arrival, room);
        let seated = self.seated(person, true, left, None);
        Ok(Seated { is_over, ..seated })
    }

    /// Whose seat is held for the key of somebody who asks for another one.
    fn held_elsewhere(&self, arrival: &Arrival) -> Option<SocketKey> {
        let asked = arrival.intent == Intent::Asked;
        self.held.of(arrival.key.filter(|_| asked)?)
    }

    /// Whether the other seat of the person's call is free.
    fn is_single(&self, person: SocketKey) -> bool {
        let call = self.call_of(person);
        call.is_some_and(|call| call.seats.len() == 1)
    }

    fn call_of(&self, person: SocketKey) -> Option<&Call> {
        self.calls.get(*self.seats.get(&person)?)
    }

    /// Leaves what a person gives up for another seat.
    fn leave_others(&mut self, arrival: &Arrival) -> heapless::Vec<Left, 2> {
        let given_up = [Some(arrival.person), self.held_elsewhere(arrival)];
        let given_up = given_up.into_iter().flatten();
        given_up.filter_map(|person| self.leave(person)).collect()
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
        let (left, peer) = if resumed {
            let left = self.leave(person).into_iter().collect();
            self.hand_over(before, arrival);
            (left, self.peer(person))
        } else {
            // First, so that it is not found again as a seat that is held elsewhere.
            let peer = self.leave(before).and_then(|left| left.peer);
            let left = self.leave_others(&arrival);
            self.sit_down(arrival, room);
            (left, peer)
        };
        let taken = Taken {
            from,
            peer,
            resumed,
        };
        self.seated(person, true, left, Some(taken))
    }

    /// Puts another socket of the same person into a seat.
    fn hand_over(&mut self, before: SocketKey, arrival: Arrival) {
        let Some(call_key) = self.seats.remove(&before) else {
            return;
        };
        self.seats.insert(arrival.person, call_key);
        let call = self.calls.get_mut(call_key);
        if let Some(seat) = call.and_then(|call| call.seat_mut(before)) {
            seat.person = arrival.person;
            seat.page = arrival.page;
            let until = seat.held_until.take();
            if let (Some(until), Some(key)) = (until, seat.key) {
                self.held.remove(until, before, key);
            }
        }
        self.note_presence(call_key);
    }

    /// Takes a free seat of a room, which is opened if need be.
    fn sit_down(&mut self, arrival: Arrival, room: &RoomName) {
        let (calls, by_room) = (&mut self.calls, &mut self.by_room);
        let call_key = *by_room.entry(room.clone()).or_insert_with(|| {
            calls.insert(Call {
                room: room.clone(),
                seats: heapless::Vec::new(),
                noted: None,
            })
        });
        let Some(call) = calls.get_mut(call_key) else {
            return;
        };
        // Who resumes means the call that there is, which a server that was started anew has lost.
        if let Some(other) = call.seats.first_mut() {
            other.outdated |= arrival.intent != Intent::Resume;
        }
        let seat = Seat {
            person: arrival.person,
            key: arrival.key,
            page: arrival.page,
            held_until: None,
            outdated: false,
        };
        if call.seats.push(seat).is_ok() {
            self.seats.insert(arrival.person, call_key);
        }
        self.note_presence(call_key);
    }

    /// What is to be told of a person who has a seat now.
    fn seated(
        &self,
        person: SocketKey,
        new: bool,
        left: heapless::Vec<Left, 2>,
        taken: Option<Taken>,
    ) -> Seated {
        let call = self.call_of(person);
        let first = call.and_then(|call| call.seats.first());
        let opposite = call.and_then(|call| call.opposite(person));
        Seated {
            role: match first {
                Some(seat) if seat.person != person => Role::Joined,
                _ => Role::Created,
            },
            new,
            left,
            is_over: taken.as_ref().is_some_and(|taken| !taken.resumed),
            taken,
            opposite: match opposite {
                None => Opposite::Empty,
                Some(seat) if seat.held_until.is_some() => Opposite::Away,
                Some(_) => Opposite::Present,
            },
        }
    }

    /// Takes a person's seat away, if there is one.
    pub fn leave(&mut self, person: SocketKey) -> Option<Left> {
        let call_key = self.seats.remove(&person)?;
        let call = self.calls.get_mut(call_key)?;
        let place = call.seats.iter().position(|seat| seat.person == person)?;
        let seat = call.seats.remove(place);
        if let (Some(until), Some(key)) = (seat.held_until, seat.key) {
            self.held.remove(until, person, key);
        }
        let room = call.room.clone();
        let other = call.seats.first_mut();
        let peer = other.and_then(|other| {
            other.outdated = true;
            other.present()
        });
        self.note_presence(call_key);
        Some(Left { room, peer })
    }

    /// Takes away the seat that a page left while it had no connection to say so by, whether the
    /// loss of that has been noticed or not.
    pub fn leave_late(&mut self, key: SeatKey, page: Page, room: &RoomName) -> Option<Left> {
        let call = self.calls.get(*self.by_room.get(room)?)?;
        let of_page = |seat: &&Seat| seat.is_of(Some(key)) && seat.page == Some(page);
        let person = call.seats.iter().find(of_page)?.person;
        self.leave(person)
    }

    /// Holds the seat of a person whose connection was lost, until then. `None` if it is not held:
    /// there is none, or no key to have it again by.
    pub fn hold(&mut self, person: SocketKey, until: Instant) -> Option<Away> {
        let call_key = *self.seats.get(&person)?;
        let seat = self.calls.get_mut(call_key)?.seat_mut(person)?;
        let key = seat.key.filter(|_| seat.held_until.is_none())?;
        seat.held_until = Some(until);
        let earlier = self.held.of(key);
        let vacated = earlier.and_then(|earlier| self.leave(earlier));
        self.held.insert(until, person, key);
        let call = self.calls.get(call_key)?;
        let left = Left {
            room: call.room.clone(),
            peer: call.opposite(person).and_then(Seat::present),
        };
        let given_up = left.peer.is_none().then(|| self.give_up()).flatten();
        self.note_presence(call_key);
        Some(Away {
            left,
            vacated,
            given_up,
        })
    }

    /// Makes place for one more room with nobody there, if it takes that.
    fn give_up(&mut self) -> Option<RoomName> {
        if self.deserted.len() < self.max_deserted {
            return None;
        }
        let (_, first) = *self.deserted.first()?;
        let call = self.calls.get(first)?;
        let people = call.seats.iter().map(|seat| seat.person);
        let people: heapless::Vec<SocketKey, 2> = people.collect();
        let room = call.room.clone();
        for person in people {
            self.leave(person);
        }
        Some(room)
    }

    /// Keeps the list of calls with nobody there, and forgets one that nobody has a seat in.
    fn note_presence(&mut self, call_key: CallKey) {
        let Some(call) = self.calls.get_mut(call_key) else {
            return;
        };
        let desertion = call.desertion();
        let before = std::mem::replace(&mut call.noted, desertion);
        if before != desertion {
            if let Some(before) = before {
                self.deserted.remove(&(before, call_key));
            }
            let noted = desertion.map(|desertion| (desertion, call_key));
            self.deserted.extend(noted);
        }
        if call.seats.is_empty() {
            self.by_room.remove(&call.room);
            self.calls.remove(call_key);
        }
    }

    /// When [`expire`](Self::expire) is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.held.next().map(|(until, _)| until)
    }

    /// Takes away one seat that was held for long enough; who had it, and what they left.
    pub fn expire(&mut self, now: Instant) -> Option<(SocketKey, Left)> {
        let (_, person) = self.held.next().filter(|(until, _)| *until <= now)?;
        Some((person, self.leave(person)?))
    }

    /// A person speaks in a room: who is there in the other seat, if the room is the one that they
    /// sit in, as `is_named` says.
    pub fn heard(
        &mut self,
        person: SocketKey,
        is_named: impl FnOnce(&RoomName) -> bool,
    ) -> Option<Option<SocketKey>> {
        let call = self.calls.get_mut(*self.seats.get(&person)?)?;
        if !is_named(&call.room) {
            return None;
        }
        let mut peer = None;
        for seat in &mut call.seats {
            if seat.person == person {
                seat.outdated = false;
            } else {
                peer = seat.present();
            }
        }
        Some(peer)
    }

    /// Who is there in the other seat of the person's room.
    pub fn peer(&self, person: SocketKey) -> Option<SocketKey> {
        self.call_of(person)?.opposite(person)?.present()
    }

    /// Whether a person has a seat.
    pub fn is_seated(&self, person: SocketKey) -> bool {
        self.seats.contains_key(&person)
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
