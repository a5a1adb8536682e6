//! The seats that are held: which ends next, and which is that of a key.
//!
//! Invariant: a key has one of them at most. Keys come from clients, so they are hashed with
//! random keys.

use super::super::seat_key::SeatKey;
use crate::socketio::SocketKey;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Held {
    by_end: BTreeSet<(Instant, SocketKey)>,
    by_key: HashMap<SeatKey, SocketKey>,
}

impl Held {
    pub(super) fn insert(&mut self, until: Instant, person: SocketKey, key: SeatKey) {
        self.by_end.insert((until, person));
        self.by_key.insert(key, person);
    }

    pub(super) fn remove(&mut self, until: Instant, person: SocketKey, key: SeatKey) {
        self.by_end.remove(&(until, person));
        self.by_key.remove(&key);
    }

    /// Whose seat it is that is held for the key.
    pub(super) fn of(&self, key: SeatKey) -> Option<SocketKey> {
        self.by_key.get(&key).copied()
    }

    /// The seat that ends next, and when.
    pub(super) fn next(&self) -> Option<(Instant, SocketKey)> {
        self.by_end.first().copied()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_end.len()
    }

    /// How many there are, in both ways of counting.
    #[cfg(test)]
    pub(super) fn lens(&self) -> (usize, usize) {
        (self.by_end.len(), self.by_key.len())
    }
}
