//! Connection state recovery: what a client that lost its connection has missed, and what it
//! needs to go on as the same socket (Socket.IO v5, "Connection state recovery").
//!
//! Each namespace keeps its latest packets in a ring, bounded in number, bytes (of all namespaces
//! together) and age, and the sockets whose connection was lost, bounded in number and age. Every packet has a number;
//! the client is told it as the last argument of each event (the *offset*) and comes back with
//! the last it saw. If a packet after that has fallen out of the ring, nobody can know what was
//! missed, and the client gets an ordinary new socket.
//!
//! The *pid* under which a client comes back is a secret, and good for one return.

use super::registry::SocketData;
use super::socket_id::SocketId;
use crate::engineio::random_id::{RANDOM_BYTES, RandomId};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a client proves with that it was a certain socket.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pid(RandomId);

impl Pid {
    pub(crate) fn from_random(bytes: [u8; RANDOM_BYTES]) -> Self {
        Self(RandomId::from_random(bytes))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pid(secret)")
    }
}

/// Whom a packet was for, by name: who comes back was not there to be counted.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// The whole namespace if empty.
    pub(crate) rooms: Vec<Box<str>>,
    pub(crate) except: Vec<Box<str>>,
    pub(crate) sender: Option<SocketId>,
}

impl Scope {
    /// Whether a socket with this id, in these rooms, is meant.
    pub(super) fn includes(&self, id: &SocketId, rooms: &[&str]) -> bool {
        let in_room = |room: &str| rooms.contains(&room);
        self.sender.as_ref() != Some(id)
            && (self.rooms.is_empty() || self.rooms.iter().any(|room| in_room(room)))
            && !self.except.iter().any(|room| in_room(room))
    }

    fn bytes(&self) -> usize {
        let names = self.rooms.iter().chain(&self.except);
        names.map(|name| name.len() + size_of::<Box<str>>()).sum()
    }
}

/// A packet as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// A whole Engine.IO text packet in UTF-8.
    pub(crate) text: Bytes,
    pub(crate) attachments: Box<[Bytes]>,
}

impl Sent {
    fn bytes(&self) -> usize {
        self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

#[derive(Debug)]
struct Kept {
    number: u64,
    at: Instant,
    sent: Sent,
    scope: Arc<Scope>,
}

impl Kept {
    /// Bytes that it takes.
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.sent.bytes() + self.scope.bytes()
    }
}

/// A socket whose connection was lost.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) id: SocketId,
    pub(crate) rooms: Vec<Box<str>>,
    /// Whether it was in the room of its own id.
    pub(crate) own_room: bool,
    pub(crate) data: Option<SocketData>,
}

/// A socket that goes on.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) pid: Pid,
    pub(crate) lost: Lost,
    /// The number of the last packet that the client saw.
    pub(crate) seen: u64,
}

/// Bounds of one namespace's memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) packets: usize,
    pub(crate) bytes: usize,
    pub(crate) sessions: usize,
    pub(crate) age: Duration,
}

/// What a namespace remembers.
#[derive(Debug)]
pub(crate) struct Recovery {
    bounds: Bounds,
    packets: VecDeque<Kept>,
    bytes: usize,
    /// The number of the next packet; the first is 1.
    next: u64,
    /// The highest number that is not kept any more.
    fallen: u64,
    /// With the number of the loss, since who came back may be lost again.
    lost: FxHashMap<Pid, (u64, Lost)>,
    /// In the order in which they were lost; some may have come back since.
    order: VecDeque<(Instant, u64, Pid)>,
    losses: u64,
    /// Sockets that are coming back and whose connect is being decided.
    returning: usize,
}

/// What the client says when it comes back. Anything of another shape asks for nothing.
#[derive(Deserialize)]
struct Request {
    pid: String,
    offset: String,
}

impl Recovery {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            packets: VecDeque::new(),
            bytes: 0,
            next: 1,
            fallen: 0,
            lost: FxHashMap::default(),
            order: VecDeque::new(),
            losses: 0,
            returning: 0,
        }
    }

    /// The number of the next packet.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    /// Whether nobody could come back.
    pub(crate) fn is_idle(&self) -> bool {
        self.lost.is_empty() && self.returning == 0
    }

    /// A socket that was coming back has arrived, or was turned away.
    pub(super) fn arrived(&mut self) {
        self.returning = self.returning.saturating_sub(1);
    }

    /// Bytes of the packets that are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps a packet, in the order of their numbers. Older ones fall out for it, and it does
    /// itself if it alone is too much; how many.
    pub(crate) fn keep(
        &mut self,
        now: Instant,
        number: u64,
        sent: Sent,
        scope: Arc<Scope>,
    ) -> usize {
        let kept = Kept {
            number,
            at: now,
            sent,
            scope,
        };
        self.bytes += kept.bytes();
        self.packets.push_back(kept);
        self.expire(now);
        let before = self.packets.len();
        while self.packets.len() > self.bounds.packets || self.bytes > self.bounds.bytes {
            self.drop_oldest();
        }
        before - self.packets.len()
    }

    /// Lets the oldest packet fall out; `false` if there is none.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.packets.pop_front() else {
            return false;
        };
        self.bytes -= oldest.bytes();
        self.fallen = oldest.number;
        true
    }

    /// Remembers a socket whose connection was lost; how many others are forgotten for it.
    pub(crate) fn remember(&mut self, now: Instant, pid: Pid, lost: Lost) -> usize {
        self.expire(now);
        self.losses += 1;
        self.lost.insert(pid, (self.losses, lost));
        self.order.push_back((now, self.losses, pid));
        let before = self.lost.len();
        while self.lost.len() > self.bounds.sessions {
            self.forget_oldest();
        }
        // Entries of those who came back must not pile up.
        if self.order.len() > 2 * self.lost.len() + 16 {
            let lost = &self.lost;
            self.order
                .retain(|(_, loss, pid)| lost.get(pid).is_some_and(|(last, _)| last == loss));
        }
        before - self.lost.len()
    }

    fn forget_oldest(&mut self) {
        if let Some((_, loss, pid)) = self.order.pop_front()
            && self.lost.get(&pid).is_some_and(|(last, _)| *last == loss)
        {
            self.lost.remove(&pid);
        }
    }

    /// Forgets what is too old.
    pub(crate) fn expire(&mut self, now: Instant) {
        let age = self.bounds.age;
        let old = |at: Instant| now.saturating_duration_since(at) > age;
        while self.packets.front().is_some_and(|kept| old(kept.at)) {
            self.drop_oldest();
        }
        while self.order.front().is_some_and(|(at, ..)| old(*at)) {
            self.forget_oldest();
        }
    }

    /// The socket that this auth object asks for, if it can go on without a gap.
    pub(crate) fn recover(&mut self, now: Instant, auth: &str) -> Option<Recovered> {
        self.expire(now);
        let request: Request = serde_json::from_str(auth).ok()?;
        let pid = Pid(RandomId::parse(&request.pid)?);
        let seen = parse_offset(&request.offset)?;
        if seen < self.fallen || seen >= self.next {
            return None;
        }
        let (_, lost) = self.lost.remove(&pid)?;
        self.returning += 1;
        Some(Recovered { pid, lost, seen })
    }

    /// What a socket has missed since a packet; `None` if some of that is not kept any more.
    pub(super) fn missed(&self, seen: u64, id: &SocketId, rooms: &[&str]) -> Option<Vec<Sent>> {
        if seen < self.fallen {
            return None;
        }
        let after = self.packets.partition_point(|kept| kept.number <= seen);
        let missed = self.packets.range(after..);
        let missed = missed.filter(|kept| kept.scope.includes(id, rooms));
        Some(missed.map(|kept| kept.sent.clone()).collect())
    }
}

/// The text of a packet's number: an event's last argument, without the quotes.
pub(super) fn offset(number: u64) -> String {
    format!("{number:x}")
}

/// Reads the text of a number back; `None` for anything that cannot be ours.
fn parse_offset(text: &str) -> Option<u64> {
    let number = u64::from_str_radix(text, 16).ok()?;
    (offset(number) == text).then_some(number)
}

#[cfg(test)]
mod tests;
