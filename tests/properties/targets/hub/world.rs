//! The record that the application of the `hub` target keeps, by rules of its own: who is where,
//! who must get what, and what is still to be answered.

use parlor::socketio::{BroadcastTicket, SocketKey};
use std::collections::{BTreeMap, BTreeSet};

/// A packet that a client must get: its text, and its attachment behind a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// Whether it may be left out: it is volatile, or its socket left in the same turn.
    pub(crate) optional: bool,
    socket: SocketKey,
    turn: u32,
}

/// A socket that the application has let in.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) client: u32,
    pub(super) namespace: String,
    pub(super) rooms: BTreeSet<String>,
}

/// What the application knows.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(super) seats: BTreeMap<SocketKey, Seat>,
    /// Questions that have no outcome yet.
    pub(super) asked: BTreeSet<(SocketKey, u64)>,
    /// Broadcasts that asked, with how many they asked.
    pub(super) polled: BTreeMap<BroadcastTicket, usize>,
    /// Sockets that were let in but are not connected, and whether they have joined a room.
    pub(super) admitted: BTreeMap<SocketKey, bool>,
    /// Those of them who were to be decided on later.
    pub(super) waiting: Vec<SocketKey>,
    pub(crate) expected: BTreeMap<u32, Vec<Line>>,
    /// Counted by the rig: one call of the hub.
    pub(crate) turn: u32,
    /// Panics that were asked for; the server catches any other too.
    pub(crate) falls: u64,
    pub(super) number: u32,
}

impl World {
    pub(crate) fn is_empty(&self) -> bool {
        self.seats.is_empty() && self.asked.is_empty() && self.polled.is_empty()
    }

    /// The namespaces that a client is in, the main one as nothing.
    pub(crate) fn namespaces(&self, client: u32) -> Vec<String> {
        let seats = self.seats.values().filter(|seat| seat.client == client);
        seats
            .map(|seat| seat.namespace.trim_end_matches('/').to_owned())
            .collect()
    }

    /// Who gets an emission: members of any of `rooms` (everybody, if there are none) and of
    /// none of `except`.
    pub(super) fn receivers(
        &self,
        namespace: &str,
        rooms: &[&str],
        except: &[&str],
    ) -> Vec<SocketKey> {
        let is_in = |seat: &Seat, list: &[&str]| list.iter().any(|room| seat.rooms.contains(*room));
        let here = self
            .seats
            .iter()
            .filter(|(_, seat)| seat.namespace == namespace);
        here.filter(|(_, seat)| rooms.is_empty() || is_in(seat, rooms))
            .filter(|(_, seat)| !is_in(seat, except))
            .map(|(socket, _)| *socket)
            .collect()
    }

    pub(super) fn record(&mut self, to: &[SocketKey], text: &str, optional: bool) {
        for socket in to {
            if let Some(seat) = self.seats.get(socket) {
                self.expected.entry(seat.client).or_default().push(Line {
                    text: text.to_owned(),
                    optional,
                    socket: *socket,
                    turn: self.turn,
                });
            }
        }
    }

    /// Nothing reaches the socket from here on, nor what was queued for it in this turn.
    pub(super) fn leave(&mut self, socket: SocketKey) {
        if let Some(seat) = self.seats.remove(&socket) {
            let turn = self.turn;
            let lines = self.expected.entry(seat.client).or_default();
            let lost = lines
                .iter_mut()
                .filter(|line| (line.socket, line.turn) == (socket, turn));
            lost.for_each(|line| line.optional = true);
        }
    }
}

/// The text of a broadcast's question, its id left out: `42["poll",7]`.
pub(crate) fn without_id(text: &str) -> String {
    match text.split_once("[\"poll\",") {
        Some((start, rest)) => {
            let start = start.trim_end_matches(|c: char| c.is_ascii_digit());
            let start = if start.is_empty() { "42" } else { start };
            format!("{start}[\"poll\",{rest}")
        }
        None => text.to_owned(),
    }
}

/// The text of an event as it must be on the wire, with its attachment behind a space.
pub(super) fn line(
    namespace: &str,
    name: &str,
    number: u32,
    binary: bool,
    id: Option<u64>,
) -> String {
    let prefix = match namespace {
        "/" => String::new(),
        other => format!("{other},"),
    };
    let id = id.map(|id| id.to_string()).unwrap_or_default();
    match binary {
        false => format!("42{prefix}{id}[\"{name}\",{number}]"),
        true => format!(
            "451-{prefix}{id}[\"{name}\",{number},{{\"_placeholder\":true,\"num\":0}}] <{number}>"
        ),
    }
}
