//! Who sits where. A call has two seats; who sits in the first is its creator.
//!
//! Invariants: a person has one seat at most; a call exists only while somebody sits in it;
//! when the creator leaves, who stays moves up and is the creator for the next person.
//! Room names come from clients, so they are hashed with random keys; the keys of people and
//! calls are made here. Cost of a call: about 250 bytes and 30 for each person.

use super::event::{RoomError, RoomName};
use crate::socketio::SocketKey;
use rustc_hash::FxHashMap;
use slotmap::SlotMap;
use std::collections::HashMap;

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

/// What a join leads to.
#[derive(Debug, PartialEq, Eq)]
pub struct Seated {
    /// The role in the room.
    pub role: Role,
    /// Whether the seat is a new one.
    pub new: bool,
    /// The call that was left for it, with who stayed there.
    pub left: Option<Left>,
}

/// A call that somebody left.
#[derive(Debug, PartialEq, Eq)]
pub struct Left {
    /// The room.
    pub room: RoomName,
    /// Who stays, now its creator.
    pub peer: Option<SocketKey>,
}

#[derive(Debug)]
struct Call {
    room: RoomName,
    people: heapless::Vec<SocketKey, 2>,
}

/// All calls.
#[derive(Debug)]
pub struct Lobby {
    calls: SlotMap<CallKey, Call>,
    by_room: HashMap<RoomName, CallKey>,
    seats: FxHashMap<SocketKey, CallKey>,
    max_rooms: usize,
}

impl Lobby {
    /// An empty lobby with room for so many calls.
    pub fn new(max_rooms: usize) -> Self {
        Self {
            calls: SlotMap::default(),
            by_room: HashMap::new(),
            seats: FxHashMap::default(),
            max_rooms,
        }
    }

    /// Seats a person, who gives up the seat in another room for it. Nothing changes if that
    /// fails.
    ///
    /// # Errors
    /// [`RoomError::Full`] and [`RoomError::TooManyRooms`].
    pub fn join(&mut self, person: SocketKey, room: &RoomName) -> Result<Seated, RoomError> {
        let found = self.by_room.get(room).copied();
        match found.and_then(|key| self.calls.get(key)) {
            Some(call) => {
                if let Some(at) = call.people.iter().position(|seated| *seated == person) {
                    let role = if at == 0 { Role::Created } else { Role::Joined };
                    return Ok(Seated {
                        role,
                        new: false,
                        left: None,
                    });
                }
                if call.people.is_full() {
                    return Err(RoomError::Full);
                }
            }
            None => {
                let alone = self.seats.contains_key(&person) && self.peer(person).is_none();
                // Whoever is alone in a room gives it up, which makes place for another one.
                if self.calls.len() - usize::from(alone) >= self.max_rooms {
                    return Err(RoomError::TooManyRooms);
                }
            }
        }
        let left = self.leave(person);
        let (calls, by_room) = (&mut self.calls, &mut self.by_room);
        let key = *by_room.entry(room.clone()).or_insert_with(|| {
            calls.insert(Call {
                room: room.clone(),
                people: heapless::Vec::new(),
            })
        });
        let mut role = Role::Created;
        if let Some(call) = calls.get_mut(key) {
            if !call.people.is_empty() {
                role = Role::Joined;
            }
            // There is a free seat, as was seen above.
            let _ = call.people.push(person);
        }
        self.seats.insert(person, key);
        Ok(Seated {
            role,
            new: true,
            left,
        })
    }

    /// Takes a person's seat away, if there is one.
    pub fn leave(&mut self, person: SocketKey) -> Option<Left> {
        let key = self.seats.remove(&person)?;
        let call = self.calls.get_mut(key)?;
        call.people.retain(|seated| *seated != person);
        let peer = call.people.first().copied();
        let room = call.room.clone();
        if peer.is_none() {
            self.calls.remove(key);
            self.by_room.remove(&room);
        }
        Some(Left { room, peer })
    }

    /// The room a person sits in, and the other person in it.
    pub fn seat(&self, person: SocketKey) -> Option<(&RoomName, Option<SocketKey>)> {
        let call = self.calls.get(*self.seats.get(&person)?)?;
        let peer = call.people.iter().find(|seated| **seated != person);
        Some((&call.room, peer.copied()))
    }

    /// The other person in the room.
    pub fn peer(&self, person: SocketKey) -> Option<SocketKey> {
        self.seat(person)?.1
    }

    /// Calls with somebody in them.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether nobody sits anywhere.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use slotmap::KeyData;

    fn person(n: u64) -> SocketKey {
        KeyData::from_ffi(n | 1 << 32).into()
    }

    fn room(name: &str) -> RoomName {
        RoomName::try_from(name).expect("short")
    }

    fn role(lobby: &mut Lobby, n: u64, name: &str) -> Result<Role, RoomError> {
        lobby.join(person(n), &room(name)).map(|seated| seated.role)
    }

    #[test]
    fn a_room_seats_two() {
        let mut lobby = Lobby::new(8);
        assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Created));
        assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Joined));
        assert_eq!(role(&mut lobby, 3, "a"), Err(RoomError::Full));
        assert_eq!(
            (lobby.peer(person(1)), lobby.peer(person(2))),
            (Some(person(2)), Some(person(1)))
        );
        assert_eq!(lobby.seat(person(3)), None);
    }

    #[test]
    fn joining_again_is_answered_as_before_and_takes_no_second_seat() {
        let mut lobby = Lobby::new(8);
        for _ in 0..2 {
            assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Created));
        }
        for _ in 0..2 {
            assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Joined));
        }
    }

    #[test]
    fn who_stays_is_the_creator_for_the_next() {
        let mut lobby = Lobby::new(8);
        let _ = (role(&mut lobby, 1, "a"), role(&mut lobby, 2, "a"));
        assert_eq!(
            lobby.leave(person(1)),
            Some(Left {
                room: room("a"),
                peer: Some(person(2))
            })
        );
        assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Joined));
        assert_eq!(role(&mut lobby, 2, "a"), Ok(Role::Created));
    }

    #[test]
    fn joining_another_room_leaves_the_first_one_unless_there_is_no_place() {
        let mut lobby = Lobby::new(8);
        let _ = (role(&mut lobby, 1, "a"), role(&mut lobby, 2, "a"));
        let seated = lobby.join(person(1), &room("b")).expect("free");
        assert_eq!(
            seated.left,
            Some(Left {
                room: room("a"),
                peer: Some(person(2))
            })
        );
        let _ = role(&mut lobby, 3, "b");
        assert_eq!(role(&mut lobby, 2, "b"), Err(RoomError::Full));
        assert_eq!(lobby.seat(person(2)), Some((&room("a"), None)));
    }

    #[test]
    fn rooms_are_bounded_but_who_is_alone_may_change() {
        let mut lobby = Lobby::new(1);
        assert_eq!(role(&mut lobby, 1, "a"), Ok(Role::Created));
        assert_eq!(role(&mut lobby, 2, "b"), Err(RoomError::TooManyRooms));
        assert_eq!(role(&mut lobby, 1, "b"), Ok(Role::Created));
        assert_eq!(role(&mut lobby, 2, "b"), Ok(Role::Joined));
        assert_eq!(role(&mut lobby, 1, "c"), Err(RoomError::TooManyRooms));
        assert_eq!(lobby.peer(person(1)), Some(person(2)));
    }

    proptest! {
        #[test]
        fn seats_and_calls_always_agree(ops in proptest::collection::vec((0u64..5, 0u8..4), 0..80)) {
            let mut lobby = Lobby::new(3);
            for (n, what) in ops {
                match what {
                    3 => _ = lobby.leave(person(n)),
                    name => _ = role(&mut lobby, n, &format!("room {name}")),
                }
                let seated: usize = lobby.calls.values().map(|call| call.people.len()).sum();
                prop_assert_eq!(seated, lobby.seats.len());
                prop_assert!(lobby.calls.values().all(|call| !call.people.is_empty()));
                for (who, call) in &lobby.seats {
                    prop_assert!(lobby.calls[*call].people.contains(who));
                }
                prop_assert_eq!(lobby.by_room.len(), lobby.calls.len());
                for (name, call) in &lobby.by_room {
                    prop_assert_eq!(&lobby.calls[*call].room, name);
                }
            }
            for n in 0..5 {
                lobby.leave(person(n));
            }
            prop_assert!(lobby.is_empty() && lobby.seats.is_empty() && lobby.by_room.is_empty());
        }
    }
}
