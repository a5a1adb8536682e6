//! What stays with a socket beside its rooms: the application's data, and what it takes to go on
//! after its connection was lost.

use super::{NamespaceKey, Registry, SocketData, SocketKey};
use crate::socketio::recovery::{Bounds, Lost, Pid, Recovered, Recovery, Scope, Sent};
use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

impl Registry {
    /// Stores the application's data with a socket; `false` if the socket is gone.
    pub(in crate::socketio) fn set_data(&mut self, socket: SocketKey, data: SocketData) -> bool {
        let here = self.sockets.contains_key(socket);
        if here {
            self.data.insert(socket, data);
        }
        here
    }

    pub(in crate::socketio) fn data(&self, socket: SocketKey) -> Option<&(dyn Any + Send)> {
        self.data.get(socket).map(|data| &**data)
    }

    pub(in crate::socketio) fn data_mut(
        &mut self,
        socket: SocketKey,
    ) -> Option<&mut (dyn Any + Send)> {
        self.data.get_mut(socket).map(|data| &mut **data)
    }

    /// Has a namespace remember what clients miss.
    pub(crate) fn enable_recovery(&mut self, namespace: NamespaceKey, bounds: Bounds) {
        if let Some(namespace) = self.namespaces.get_mut(namespace) {
            let recovery = &mut namespace.recovery;
            recovery.get_or_insert_with(|| Box::new(Recovery::new(bounds)));
        }
    }

    /// The socket that an auth object asks for, if its namespace can bring it back.
    pub(crate) fn recover(
        &mut self,
        namespace: NamespaceKey,
        now: Instant,
        auth: &str,
    ) -> Option<Recovered> {
        self.change(namespace, |recovery| recovery.recover(now, auth))?
    }

    /// Gives a socket the secret under which it can come back.
    pub(crate) fn set_pid(&mut self, socket: SocketKey, pid: Pid) {
        self.pids.insert(socket, pid);
    }

    pub(crate) fn pid(&self, socket: SocketKey) -> Option<&Pid> {
        self.pids.get(socket)
    }

    /// Gives a socket back what it had when its connection was lost. `seen` is the number of the
    /// last packet that it saw.
    pub(crate) fn restore(&mut self, socket: SocketKey, lost: Lost, seen: u64) {
        self.returning.insert(socket, seen);
        for room in &lost.rooms {
            // It was in them within the limit.
            self.join(socket, room, usize::MAX);
        }
        if !lost.own_room {
            self.leave_own_room(socket);
        }
        if let Some(data) = lost.data {
            self.data.insert(socket, data);
        }
    }

    /// What a socket that comes back has missed until now; it is waited for no more. `None` if
    /// some of that is not kept any more.
    pub(crate) fn arrive(&mut self, socket: SocketKey) -> Option<Vec<Sent>> {
        let seen = self.returning.remove(socket)?;
        let (id, namespace) = (self.id(socket)?, self.namespace_of(socket)?);
        let rooms: Vec<String> = self.rooms(socket).into_iter().map(str::to_owned).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        self.change(namespace, |recovery| {
            recovery.arrived();
            recovery.missed(seen, &id, &rooms)
        })?
    }

    /// A socket that was coming back will not.
    pub(super) fn turn_back(&mut self, socket: SocketKey, namespace: NamespaceKey) {
        if self.returning.remove(socket).is_some() {
            self.change(namespace, Recovery::arrived);
        }
    }

    fn leave_own_room(&mut self, socket: SocketKey) {
        if let Some(socket) = self.sockets.get_mut(socket) {
            socket.in_own_room = false;
        }
    }

    /// Remembers a socket whose connection is lost, if it can come back. It is still there. How many
    /// others are forgotten for it.
    pub(crate) fn remember(&mut self, key: SocketKey, now: Instant) -> usize {
        let Some(pid) = self.pids.remove(key) else {
            return 0;
        };
        let data = self.data.remove(key);
        let Some(socket) = self.sockets.get(key) else {
            return 0;
        };
        let Some(namespace) = self.namespaces.get(socket.namespace) else {
            return 0;
        };
        let rooms = socket.rooms().iter();
        let lost = Lost {
            id: socket.id.clone(),
            rooms: rooms
                .map(|room| namespace.rooms.name(*room).into())
                .collect(),
            own_room: socket.in_own_room,
            data,
        };
        let namespace = socket.namespace;
        self.change(namespace, |recovery| recovery.remember(now, pid, lost))
            .unwrap_or_default()
    }

    /// The number of the next packet to a namespace, if clients are to be told.
    pub(in crate::socketio) fn number(&mut self, namespace: NamespaceKey) -> Option<u64> {
        self.change(namespace, Recovery::number)
    }

    /// Whether somebody who is not here could still get a packet to this namespace.
    pub(in crate::socketio) fn is_awaited(&self, namespace: NamespaceKey) -> bool {
        let namespace = self.namespaces.get(namespace);
        let recovery = namespace.and_then(|namespace| namespace.recovery.as_ref());
        recovery.is_some_and(|recovery| !recovery.is_idle())
    }

    /// Keeps a packet for those who come back. What all namespaces keep has at most `most` bytes:
    /// for a new packet older ones of its own namespace fall out, in the end itself. How many did.
    pub(crate) fn keep(
        &mut self,
        namespace: NamespaceKey,
        now: Instant,
        number: u64,
        sent: Sent,
        scope: Arc<Scope>,
        most: usize,
    ) -> usize {
        let fallen = self.change(namespace, |recovery| {
            recovery.keep(now, number, sent, scope)
        });
        let mut fallen = fallen.unwrap_or_default();
        while self.kept_bytes > most && self.change(namespace, Recovery::drop_oldest) == Some(true)
        {
            fallen += 1;
        }
        fallen
    }

    /// Forgets what is too old, in all namespaces; whether anything is left.
    pub(crate) fn expire_lost(&mut self, now: Instant) -> bool {
        let namespaces: Vec<_> = self.namespaces.keys().collect();
        let mut left = false;
        for key in namespaces {
            let idle = self.change(key, |recovery| {
                recovery.expire(now);
                recovery.is_idle() && recovery.bytes() == 0
            });
            left |= idle == Some(false);
            self.close_if_over(key);
        }
        left
    }

    /// Bytes of the packets that all namespaces keep.
    #[cfg(test)]
    pub(crate) fn kept_bytes(&self) -> usize {
        self.kept_bytes
    }

    /// Changes what a namespace remembers, and counts its bytes anew.
    fn change<R>(
        &mut self,
        namespace: NamespaceKey,
        change: impl FnOnce(&mut Recovery) -> R,
    ) -> Option<R> {
        let recovery = self
            .namespaces
            .get_mut(namespace)?
            .recovery
            .as_deref_mut()?;
        let before = recovery.bytes();
        let result = change(recovery);
        self.kept_bytes = self.kept_bytes - before + recovery.bytes();
        Some(result)
    }
}
