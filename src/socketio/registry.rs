//! Who is connected: namespaces, their sockets, and which rooms these are in.
//!
//! A socket is one client in one namespace. Keys carry a generation, so a key that outlives
//! its socket finds nothing instead of somebody else.

use super::answers::{BroadcastTicket, Question};
use super::recovery::{Pid, Recovery};
use super::rooms::Rooms;
use super::socket_id::SocketId;
use crate::engineio::SessionKey;
use crate::index::Index;
use rustc_hash::FxHashMap;
use slotmap::{SecondaryMap, SlotMap};
use std::any::Any;
use std::collections::HashMap;

mod lost;
mod socket;

pub(super) use socket::Socket;
use socket::{Sockets, counts};

slotmap::new_key_type! {
    /// One socket. Cheap to copy and to compare; valid while the socket is connected.
    pub struct SocketKey;

    /// One namespace.
    pub(crate) struct NamespaceKey;
}

/// What the application stored with a socket.
pub(crate) type SocketData = Box<dyn Any + Send>;

#[derive(Debug)]
struct Namespace {
    name: Box<str>,
    /// Whether it goes with its last socket.
    dynamic: bool,
    members: Vec<SocketKey>,
    rooms: Rooms,
    next_ack: u64,
    /// If connections can be recovered.
    recovery: Option<Box<Recovery>>,
}

fn id_of(sockets: &Sockets, key: SocketKey) -> Option<&SocketId> {
    sockets.get(key).map(|socket| &socket.id)
}

/// All sockets of the server.
#[derive(Debug, Default)]
pub struct Registry {
    pub(super) sockets: Sockets,
    /// What is hashed of an id is random and made here.
    by_id: Index<SocketKey>,
    namespaces: SlotMap<NamespaceKey, Namespace>,
    by_name: HashMap<Box<str>, NamespaceKey>,
    emission: u32,
    /// Only of sockets that have any.
    data: SecondaryMap<SocketKey, SocketData>,
    /// Only of sockets that can be recovered.
    pids: SecondaryMap<SocketKey, Pid>,
    /// Sockets that are coming back, with the number of the last packet that they saw.
    returning: SecondaryMap<SocketKey, u64>,
    /// Bytes of packets that are kept for those who come back.
    kept_bytes: usize,
    pub(super) questions: FxHashMap<BroadcastTicket, Question>,
    pub(super) next_question: u64,
}

impl Registry {
    /// The namespace of this name, made if there is none; a dynamic one goes with its last
    /// socket.
    pub(crate) fn open_namespace(&mut self, name: &str, dynamic: bool) -> NamespaceKey {
        if let Some(key) = self.by_name.get(name) {
            return *key;
        }
        let namespace = Namespace {
            name: name.into(),
            dynamic,
            members: Vec::new(),
            rooms: Rooms::default(),
            next_ack: 0,
            recovery: None,
        };
        let key = self.namespaces.insert(namespace);
        self.by_name.insert(name.into(), key);
        key
    }

    pub(crate) fn find_namespace(&self, name: &str) -> Option<NamespaceKey> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn namespace_name(&self, namespace: NamespaceKey) -> &str {
        self.namespaces
            .get(namespace)
            .map_or("", |namespace| &namespace.name)
    }

    /// Adds a socket whose connect is being decided.
    pub(crate) fn add(
        &mut self,
        session: SessionKey,
        namespace: NamespaceKey,
        id: SocketId,
    ) -> SocketKey {
        let members = self
            .namespaces
            .get_mut(namespace)
            .map(|namespace| &mut namespace.members);
        let at = members.as_ref().map_or(0, |members| members.len());
        let key = self.sockets.insert(Box::new(Socket {
            id: id.clone(),
            session,
            namespace,
            ties: None,
            in_own_room: true,
            connected: false,
            at: u32::try_from(at).unwrap_or(u32::MAX),
            seen: 0,
        }));
        if let Some(members) = members {
            members.push(key);
        }
        let sockets = &self.sockets;
        self.by_id.insert(key, &id, |key| id_of(sockets, key));
        key
    }

    /// Whether emissions reach the socket: not before it is connected, nor while it leaves.
    pub(crate) fn set_connected(&mut self, socket: SocketKey, connected: bool) {
        if let Some(socket) = self.sockets.get_mut(socket) {
            socket.connected = connected;
        }
    }

    /// Removes a socket from its rooms, its namespace and the registry, and the namespace with
    /// it if that is over.
    pub(crate) fn remove(&mut self, key: SocketKey) {
        self.leave_all(key);
        let Some(socket) = self.sockets.remove(key) else {
            return;
        };
        self.by_id.remove(key, &socket.id);
        self.data.remove(key);
        self.pids.remove(key);
        self.turn_back(key, socket.namespace);
        let Some(namespace) = self.namespaces.get_mut(socket.namespace) else {
            return;
        };
        let at = socket.at as usize;
        if namespace.members.get(at) == Some(&key) {
            namespace.members.swap_remove(at);
            if let Some(moved) = namespace
                .members
                .get(at)
                .and_then(|moved| self.sockets.get_mut(*moved))
            {
                moved.at = socket.at;
            }
        }
        self.close_if_over(socket.namespace);
    }

    /// Removes a dynamic namespace without sockets to which nobody can come back.
    pub(crate) fn close_if_over(&mut self, key: NamespaceKey) {
        let over = self.namespaces.get(key).is_some_and(|namespace| {
            namespace.dynamic
                && namespace.members.is_empty()
                && namespace.recovery.as_ref().is_none_or(|it| it.is_idle())
        });
        if over && let Some(gone) = self.namespaces.remove(key) {
            self.by_name.remove(&gone.name);
            self.kept_bytes -= gone.recovery.map_or(0, |recovery| recovery.bytes());
        }
    }

    /// The namespaces that are open.
    pub(super) fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.values().map(|namespace| &*namespace.name)
    }

    pub(super) fn get(&self, socket: SocketKey) -> Option<&Socket> {
        self.sockets.get(socket).map(Box::as_ref)
    }

    /// The session that carries this socket, while it is connected.
    pub(crate) fn session(&self, socket: SocketKey) -> Option<SessionKey> {
        self.sockets.get(socket).map(|socket| socket.session)
    }

    pub(crate) fn namespace_of(&self, socket: SocketKey) -> Option<NamespaceKey> {
        self.sockets.get(socket).map(|socket| socket.namespace)
    }

    /// Whether the socket is in the namespace of this name.
    pub(crate) fn is_in(&self, socket: SocketKey, namespace: &str) -> bool {
        self.namespace_of(socket)
            .and_then(|key| self.namespaces.get(key))
            .is_some_and(|it| *it.name == *namespace)
    }

    pub(crate) fn is_connected(&self, socket: SocketKey) -> bool {
        self.sockets
            .get(socket)
            .is_some_and(|socket| socket.connected)
    }

    pub(crate) fn id(&self, socket: SocketKey) -> Option<SocketId> {
        self.sockets.get(socket).map(|socket| socket.id.clone())
    }

    pub(super) fn by_id(&self, id: &SocketId) -> Option<SocketKey> {
        self.by_id.find(id, |key| id_of(&self.sockets, key))
    }

    /// Puts a socket into a room. `false` if it already is in `most` rooms or gone.
    pub(super) fn join(&mut self, key: SocketKey, room: &str, most: usize) -> bool {
        let Some(socket) = self.sockets.get_mut(key) else {
            return false;
        };
        if room == socket.id.as_str() {
            socket.in_own_room = true;
            return true;
        }
        let Some(namespace) = self.namespaces.get_mut(socket.namespace) else {
            return false;
        };
        if let Some(found) = namespace.rooms.find(room)
            && socket.rooms().contains(&found)
        {
            return true;
        }
        if socket.rooms().len() >= most {
            return false;
        }
        let opened = namespace.rooms.open(room);
        namespace.rooms.add(opened, key);
        socket.ties.get_or_insert_default().rooms.push(opened);
        true
    }

    pub(super) fn leave(&mut self, key: SocketKey, room: &str) {
        let Some(socket) = self.sockets.get_mut(key) else {
            return;
        };
        if room == socket.id.as_str() {
            socket.in_own_room = false;
        }
        let Some(namespace) = self.namespaces.get_mut(socket.namespace) else {
            return;
        };
        let Some(found) = namespace.rooms.find(room) else {
            return;
        };
        if let Some(ties) = &mut socket.ties
            && let Some(at) = ties.rooms.iter().position(|joined| *joined == found)
        {
            ties.rooms.swap_remove(at);
            namespace.rooms.remove(found, key);
        }
    }

    pub(crate) fn leave_all(&mut self, key: SocketKey) {
        let Some(socket) = self.sockets.get_mut(key) else {
            return;
        };
        socket.in_own_room = false;
        let Some(namespace) = self.namespaces.get_mut(socket.namespace) else {
            return;
        };
        for room in socket.ties.iter_mut().flat_map(|it| it.rooms.drain(..)) {
            namespace.rooms.remove(room, key);
        }
    }

    /// The rooms a socket is in, its own first.
    pub(super) fn rooms(&self, key: SocketKey) -> Vec<&str> {
        let Some(socket) = self.sockets.get(key) else {
            return Vec::new();
        };
        let own = socket.in_own_room.then_some(socket.id.as_str());
        let namespace = self.namespaces.get(socket.namespace);
        let joined = socket
            .rooms()
            .iter()
            .filter_map(|room| Some(namespace?.rooms.name(*room)));
        own.into_iter().chain(joined).collect()
    }

    /// The next ack id of a namespace: one counter for all its sockets.
    pub(super) fn next_ack(&mut self, namespace: NamespaceKey) -> u64 {
        let Some(namespace) = self.namespaces.get_mut(namespace) else {
            return 0;
        };
        let id = namespace.next_ack;
        namespace.next_ack += 1;
        id
    }

    /// Appends who receives an emission, each socket once: the members of `rooms` (of the
    /// whole namespace if there are none), less those in `except` and less `sender`.
    pub(super) fn receivers(
        &mut self,
        namespace: NamespaceKey,
        rooms: &[&str],
        except: &[&str],
        sender: Option<SocketKey>,
        out: &mut Vec<SocketKey>,
    ) {
        self.emission = self.emission.wrapping_add(1).max(1);
        let emission = self.emission;
        let Self {
            sockets,
            by_id,
            namespaces,
            ..
        } = self;
        let Some(namespace_entry) = namespaces.get(namespace) else {
            return;
        };
        let adapter = &namespace_entry.rooms;
        if let Some(sender) = sender {
            counts(sockets, emission, sender);
        }
        let own = |sockets: &Sockets, name: &str| {
            let key = by_id.find(&SocketId::parse(name)?, |key| id_of(sockets, key))?;
            let socket = sockets.get(key)?;
            (socket.in_own_room && socket.namespace == namespace).then_some(key)
        };
        for name in except {
            let members = adapter
                .find(name)
                .map_or(&[][..], |room| adapter.members(room));
            for key in members.iter().copied().chain(own(sockets, name)) {
                counts(sockets, emission, key);
            }
        }
        if rooms.is_empty() {
            out.extend(
                namespace_entry
                    .members
                    .iter()
                    .copied()
                    .filter(|key| counts(sockets, emission, *key)),
            );
            return;
        }
        for name in rooms {
            let members = adapter
                .find(name)
                .map_or(&[][..], |room| adapter.members(room));
            let own = own(sockets, name);
            out.extend(
                members
                    .iter()
                    .copied()
                    .chain(own)
                    .filter(|key| counts(sockets, emission, *key)),
            );
        }
    }

    /// Sockets, connected or being decided.
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Whether there is no socket.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Rooms with somebody in them, in all namespaces; a socket's own room does not count.
    pub fn rooms_len(&self) -> usize {
        self.namespaces
            .values()
            .map(|namespace| namespace.rooms.len())
            .sum()
    }
}

#[cfg(test)]
mod tests;
