//! Answers that the server waits for: each has an id out of one counter per namespace, and a
//! time by which it must be here.

use super::registry::{Registry, SocketKey};
use std::time::Instant;

/// Stands for one answer that is waited for; the application keeps it to know which it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AckTicket {
    /// The socket that was asked.
    pub socket: SocketKey,
    /// The id on the wire, unique in the socket's namespace.
    pub id: u64,
}

/// Why no answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AckError {
    /// The time is up. A later answer is ignored.
    #[error("operation has timed out")]
    TimedOut,
    /// The socket left before it answered.
    #[error("socket has been disconnected")]
    Disconnected,
}

/// The answers one socket owes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Owed(Vec<(u64, Instant)>);

impl Owed {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn add(&mut self, id: u64, until: Instant) {
        self.0.push((id, until));
    }

    /// Whether an answer with this id is waited for; it is not any more afterwards.
    pub(super) fn settle(&mut self, id: u64) -> bool {
        match self.0.iter().position(|(owed, _)| *owed == id) {
            Some(at) => {
                self.0.remove(at);
                true
            }
            None => false,
        }
    }

    /// The first answer whose time is up, which is then not waited for any more.
    pub(super) fn expire(&mut self, now: Instant) -> Option<u64> {
        let id = self
            .0
            .iter()
            .find(|(_, until)| *until <= now)
            .map(|(id, _)| *id)?;
        self.settle(id).then_some(id)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.0.iter().map(|(_, until)| *until).min()
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().map(|(id, _)| *id)
    }
}

impl Registry {
    /// Answers that the socket owes.
    pub(super) fn owed(&self, socket: SocketKey) -> usize {
        let owed = self
            .sockets
            .get(socket)
            .and_then(|socket| socket.owed.as_ref());
        owed.map_or(0, |owed| owed.len())
    }

    /// The socket owes this answer from here on.
    pub(crate) fn owe(&mut self, socket: SocketKey, id: u64, until: Instant) {
        if let Some(socket) = self.sockets.get_mut(socket) {
            socket.owed.get_or_insert_default().add(id, until);
        }
    }

    /// Whether the socket owes this answer; it does not any more afterwards.
    pub(crate) fn settle(&mut self, socket: SocketKey, id: u64) -> bool {
        self.sockets
            .get_mut(socket)
            .and_then(|socket| socket.owed.as_mut())
            .is_some_and(|owed| owed.settle(id))
    }

    /// All answers that the socket owes; it owes none afterwards.
    pub(crate) fn take_owed(&mut self, socket: SocketKey) -> Vec<u64> {
        let owed = self
            .sockets
            .get_mut(socket)
            .and_then(|socket| socket.owed.take());
        owed.map(|owed| owed.ids().collect()).unwrap_or_default()
    }

    /// An answer whose time is up; it is not owed any more afterwards.
    pub(crate) fn expire_owed(&mut self, socket: SocketKey, now: Instant) -> Option<u64> {
        self.sockets.get_mut(socket)?.owed.as_mut()?.expire(now)
    }

    /// When the next answer of the socket is overdue.
    pub(crate) fn owed_deadline(&self, socket: SocketKey) -> Option<Instant> {
        self.sockets.get(socket)?.owed.as_ref()?.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn an_answer_counts_once_and_only_in_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let mut owed = Owed::default();
        owed.add(0, later);
        owed.add(1, now);
        assert_eq!(owed.deadline(), Some(now));
        assert_eq!(owed.expire(now), Some(1));
        assert_eq!(owed.expire(now), None);
        assert!(!owed.settle(1));
        assert!(owed.settle(0));
        assert!(!owed.settle(0));
        assert_eq!((owed.len(), owed.deadline()), (0, None));
    }
}
