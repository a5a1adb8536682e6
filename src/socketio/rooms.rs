//! The rooms of one namespace: names to members, nothing kept for a room that is empty.
//!
//! A client chooses room names in most applications, so they are hashed with random keys. The
//! room that every socket has under its own id is not stored here: `registry` knows it from
//! the socket itself, which saves an entry per socket.

use super::registry::SocketKey;
use slotmap::SlotMap;
use std::collections::HashMap;

slotmap::new_key_type! {
    /// One room.
    pub(super) struct RoomKey;
}

#[derive(Debug)]
struct Room {
    name: Box<str>,
    members: Vec<SocketKey>,
}

/// The adapter of a namespace.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    by_name: HashMap<Box<str>, RoomKey>,
    rooms: SlotMap<RoomKey, Room>,
}

impl Rooms {
    /// The room of this name, made if there is none.
    pub(super) fn open(&mut self, name: &str) -> RoomKey {
        if let Some(key) = self.by_name.get(name) {
            return *key;
        }
        let key = self.rooms.insert(Room {
            name: name.into(),
            members: Vec::new(),
        });
        self.by_name.insert(name.into(), key);
        key
    }

    pub(super) fn find(&self, name: &str) -> Option<RoomKey> {
        self.by_name.get(name).copied()
    }

    pub(super) fn name(&self, room: RoomKey) -> &str {
        self.rooms.get(room).map_or("", |room| &room.name)
    }

    pub(super) fn members(&self, room: RoomKey) -> &[SocketKey] {
        self.rooms.get(room).map_or(&[], |room| &room.members)
    }

    /// Adds a member that is not in it yet.
    pub(super) fn add(&mut self, room: RoomKey, socket: SocketKey) {
        if let Some(room) = self.rooms.get_mut(room) {
            room.members.push(socket);
        }
    }

    /// Removes a member; the room goes with its last one.
    pub(super) fn remove(&mut self, room: RoomKey, socket: SocketKey) {
        let Some(found) = self.rooms.get_mut(room) else {
            return;
        };
        if let Some(at) = found.members.iter().position(|member| *member == socket) {
            found.members.swap_remove(at);
        }
        if found.members.is_empty()
            && let Some(gone) = self.rooms.remove(room)
        {
            self.by_name.remove(&gone.name);
        }
    }

    /// Rooms with somebody in them.
    pub(super) fn len(&self) -> usize {
        self.rooms.len()
    }
}
