//! One client in one namespace, as the registry knows it.

use super::{NamespaceKey, SocketKey};
use crate::engineio::SessionKey;
use crate::socketio::acks::Owed;
use crate::socketio::rooms::RoomKey;
use crate::socketio::socket_id::SocketId;
use slotmap::SlotMap;

#[derive(Debug)]
pub(in crate::socketio) struct Socket {
    pub(in crate::socketio) id: SocketId,
    pub(in crate::socketio) session: SessionKey,
    pub(in crate::socketio) namespace: NamespaceKey,
    pub(super) ties: Option<Box<Ties>>,
    /// Whether it still is in the room that has its own id for a name.
    pub(super) in_own_room: bool,
    /// Whether emissions reach it.
    pub(in crate::socketio) connected: bool,
    /// Its place among the members of the namespace.
    pub(super) at: u32,
    /// The last emission that has counted this socket in or out.
    pub(super) seen: u32,
}

const _: () = assert!(size_of::<Socket>() <= 64);

/// What a socket has with others; many have nothing, hence boxed.
#[derive(Debug, Default)]
pub(super) struct Ties {
    pub(super) rooms: Vec<RoomKey>,
    owed: Owed,
}

impl Socket {
    /// The rooms it is in, but for its own.
    pub(in crate::socketio) fn rooms(&self) -> &[RoomKey] {
        self.ties.as_ref().map_or(&[], |ties| &ties.rooms)
    }

    /// The answers that it owes, if it ever did.
    pub(in crate::socketio) fn owed(&self) -> Option<&Owed> {
        self.ties.as_ref().map(|ties| &ties.owed)
    }

    /// As [`owed`](Self::owed), to be changed.
    pub(in crate::socketio) fn owed_mut(&mut self) -> Option<&mut Owed> {
        self.ties.as_mut().map(|ties| &mut ties.owed)
    }

    /// The same, when one is added.
    pub(in crate::socketio) fn owing(&mut self) -> &mut Owed {
        &mut self.ties.get_or_insert_default().owed
    }
}

/// Boxed, so that the table has little to keep when many have left.
pub(in crate::socketio) type Sockets = SlotMap<SocketKey, Box<Socket>>;

/// Whether this emission meets the socket for the first time, and the socket is connected.
pub(super) fn counts(sockets: &mut Sockets, emission: u32, key: SocketKey) -> bool {
    match sockets.get_mut(key) {
        Some(socket) if socket.seen != emission => {
            socket.seen = emission;
            socket.connected
        }
        _ => false,
    }
}
