//! Counters and gauges that every layer may change: relaxed atomics, so that counting costs next to
//! nothing on the path of a message. Nobody decides anything by them, but for
//! [`Stats::reserve`], which holds the one budget of bytes that all clients share, and `/readyz`, which
//! tells.
//!
//! They stand in one table, of which the metrics are made: a name, and what is said of it. METRICS.md
//! lists them for those who watch a server.

mod histogram;

pub use histogram::{Histogram, Times};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// Counts so many, nearly always none.
    pub fn add_all(&self, many: usize) {
        if many > 0 {
            self.0
                .fetch_add(u64::try_from(many).unwrap_or(u64::MAX), Relaxed);
        }
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicUsize);

impl Gauge {
    /// Raises it; what it was before.
    pub fn add(&self, by: usize) -> usize {
        self.0.fetch_add(by, Relaxed)
    }

    /// Lowers it.
    pub fn sub(&self, by: usize) {
        self.0.fetch_sub(by, Relaxed);
    }

    /// Sets it.
    pub fn set(&self, to: usize) {
        self.0.store(to, Relaxed);
    }

    /// What it is now.
    pub fn get(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// One of the numbers, for whoever shows all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Its name in [`Stats`].
    pub name: &'static str,
    /// A sentence about it.
    pub about: &'static str,
    /// What it is now.
    pub value: Value,
}

/// The value of a [`Stat`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Of a [`Counter`].
    Counter(u64),
    /// Of a [`Gauge`].
    Gauge(usize),
    /// Of a [`Histogram`].
    Histogram(Times),
}

/// One of the numbers, whatever it is.
trait Number {
    fn value(&self) -> Value;
}

impl Number for Counter {
    fn value(&self) -> Value {
        Value::Counter(self.get())
    }
}

impl Number for Gauge {
    fn value(&self) -> Value {
        Value::Gauge(self.get())
    }
}

impl Number for Histogram {
    fn value(&self) -> Value {
        Value::Histogram(self.get())
    }
}

/// Writes the struct, and the list of what is in it, so that no number can be missing there.
macro_rules! stats {
    ($($(#[doc = $about:literal])+ $visibility:vis $name:ident: $kind:ident,)+) => {
        /// The server's numbers.
        #[derive(Debug, Default)]
        pub struct Stats {
            $($(#[doc = $about])+ $visibility $name: $kind,)+
        }

        impl Stats {
            /// All of them, in the order in which they stand here.
            pub fn all(&self) -> impl Iterator<Item = Stat> + '_ {
                // Pairs that are constants, beside what is read when it is asked for: written out as
                // values of `Stat` they are ten times as much code.
                const WORDS: &[(&str, &str)] = &[$((
                    stringify!($name),
                    concat!($($about),+).trim_ascii(),
                )),+];
                let numbers: [&dyn Number; WORDS.len()] = [$(&self.$name),+];
                WORDS.iter().zip(numbers).map(|((name, about), number)| Stat {
                    name,
                    about,
                    value: number.value(),
                })
            }
        }
    };
}

stats! {
    /// Engine.IO sessions that were opened.
    pub sessions_opened: Counter,
    /// HTTP requests and upgrades that were refused.
    pub requests_refused: Counter,
    /// Those of them that came by another's name, or from another's page.
    pub strangers_refused: Counter,
    /// Handshakes refused because their address made too many.
    pub handshakes_limited: Counter,
    /// Handshakes refused because there were too many sessions, in all, from their address, or of
    /// clients that have said nothing yet.
    pub sessions_limited: Counter,
    /// Requests refused because too many were being read and answered.
    pub requests_limited: Counter,
    /// Connections ended because a request's head was too large or took too long.
    pub heads_limited: Counter,
    /// Requests cut off because their body took too long.
    pub bodies_timed_out: Counter,
    /// Connections ended because nothing of an answer was read for too long.
    pub answers_unread: Counter,
    /// Times that no connection could be accepted: nearly always there are no files left.
    pub accepts_failed: Counter,
    /// Connections closed because no request came for too long.
    pub idles_closed: Counter,
    /// Connections closed unheard because there were too many.
    pub connections_limited: Counter,
    /// Connections that ended, or failed in their TLS handshake, before the first request.
    pub welcomes_failed: Counter,
    /// Sessions closed because the client broke the protocol.
    pub protocol_errors: Counter,
    /// Sessions closed because the client stopped reading.
    pub outboxes_full: Counter,
    /// Events, and what else clients send, that were dropped or came too fast.
    pub events_limited: Counter,
    /// Sessions closed because that went on.
    pub floods_closed: Counter,
    /// Sessions closed because their client did not answer a ping in time.
    pub pings_timed_out: Counter,
    /// WebSockets closed because a session did not move to them in time.
    pub upgrades_timed_out: Counter,
    /// WebSockets cut off because their client did not end them once they were closed.
    pub closes_unanswered: Counter,
    /// Sessions that were over, and were forgotten because their client did not ask for the end.
    pub ends_unclaimed: Counter,
    /// Sessions closed because they joined no namespace in time.
    pub joins_timed_out: Counter,
    /// Sessions closed because the attachments of a packet did not come.
    pub attachments_timed_out: Counter,
    /// Connects refused because the client was in too many namespaces, or the name of one was too long.
    pub namespaces_limited: Counter,
    /// Connects that were refused, by the application or because of a limit.
    pub connects_refused: Counter,
    /// Rooms and questions that the application was refused, because a socket had too many of them or
    /// the name of a room was too long.
    pub application_limited: Counter,
    /// Packets and lost connections kept for clients that come back, and forgotten because there were
    /// too many.
    pub recoveries_limited: Counter,
    /// Rooms refused because there were too many.
    pub rooms_limited: Counter,
    /// Joins refused because two people are in the room, or the seat is another page's.
    pub joins_refused: Counter,
    /// Events refused because of their arguments, mostly the name of a room.
    pub events_refused: Counter,
    /// Times the shared budget of bytes was used up.
    pub budget_exhausted: Counter,
    /// Connects refused because their passcode was wrong.
    pub passcodes_wrong: Counter,
    /// Connects that had to wait because their address had guessed wrong before.
    pub passcodes_delayed: Counter,
    /// Connects refused unheard because their address had guessed too often.
    pub passcodes_limited: Counter,
    /// Panics caught in the application.
    pub panics: Counter,
    /// Events that the application relayed to a peer.
    pub relayed: Counter,
    /// Events that the application ignored because their sender had no right to them.
    pub ignored: Counter,
    /// Rooms with nobody there that were given up because there were too many.
    pub rooms_given_up: Counter,
    /// Held seats that were given up because nobody came back in time.
    pub seats_given_up: Counter,
    /// Time from reading an event to having written what it caused, or having woken the poll that
    /// fetches it.
    pub relay_seconds: Histogram,
    /// Addresses and ports on which connections are accepted.
    pub listeners: Gauge,
    /// Those of them where none can be accepted for a moment.
    pub listeners_paused: Gauge,
    /// TCP connections that are open.
    pub connections: Gauge,
    /// Engine.IO sessions that are open.
    pub sessions: Gauge,
    /// Rooms in which a seat is taken or held.
    pub rooms: Gauge,
    /// Seats that somebody has, those that are held among them.
    pub seats_taken: Gauge,
    /// Seats that are held for people whose connection was lost.
    pub seats_held: Gauge,
    /// Bytes that are held for all clients together.
    buffered_bytes: Gauge,
}

impl Stats {
    /// Takes `bytes` out of the shared budget of `most`; `false` if there is not enough left.
    /// No bytes can always be had, also while the budget is overdrawn.
    pub fn reserve(&self, bytes: usize, most: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        let before = self.buffered_bytes.add(bytes);
        if before.saturating_add(bytes) <= most {
            return true;
        }
        self.buffered_bytes.sub(bytes);
        self.budget_exhausted.add();
        false
    }

    /// Takes `bytes` whether or not they are left: for the few that the server itself sends.
    pub fn hold(&self, bytes: usize) {
        if bytes > 0 {
            self.buffered_bytes.add(bytes);
        }
    }

    /// Gives reserved bytes back.
    pub fn release(&self, bytes: usize) {
        // Nearly always it is nothing, and adding that would cost as much.
        if bytes > 0 {
            self.buffered_bytes.sub(bytes);
        }
    }

    /// Bytes that are reserved now.
    pub fn buffered(&self) -> usize {
        self.buffered_bytes.get()
    }
}

/// Bytes of the shared budget, given back when this is dropped.
#[derive(Debug)]
pub struct Reserved {
    stats: Arc<Stats>,
    bytes: usize,
}

impl Reserved {
    /// Takes over `bytes` that are reserved already.
    pub(crate) fn adopt(stats: Arc<Stats>, bytes: usize) -> Self {
        Self { stats, bytes }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.stats.release(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_shared_and_given_back() {
        let stats = Stats::default();
        assert!(stats.reserve(6, 10));
        assert!(!stats.reserve(5, 10));
        assert!(stats.reserve(4, 10));
        stats.release(6);
        assert_eq!((stats.buffered(), stats.budget_exhausted.get()), (4, 1));
    }

    #[test]
    fn each_number_is_listed_with_what_it_is() {
        let stats = Stats::default();
        stats.relayed.add();
        stats.rooms.set(3);
        let find = |name| stats.all().find(|stat| stat.name == name);
        assert_eq!(
            find("relayed"),
            Some(Stat {
                name: "relayed",
                about: "Events that the application relayed to a peer.",
                value: Value::Counter(1),
            })
        );
        assert_eq!(find("rooms").map(|stat| stat.value), Some(Value::Gauge(3)));
    }
}
