//! Counters that every layer may add to: relaxed atomics, so that counting costs next to
//! nothing on the path of a message. Nobody decides anything by them, but for
//! [`Stats::reserve`], which holds the one budget of bytes that all clients share.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The server's counters.
#[derive(Debug, Default)]
pub struct Stats {
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
    /// Sessions closed because they joined no namespace in time.
    pub joins_timed_out: Counter,
    /// Sessions closed because the attachments of a packet did not come.
    pub attachments_timed_out: Counter,
    /// Connects refused because the client was in too many namespaces, or the name of one was too long.
    pub namespaces_limited: Counter,
    /// Rooms refused because there were too many.
    pub rooms_limited: Counter,
    /// Times the shared budget of bytes was used up.
    pub budget_exhausted: Counter,
    /// Connects refused because their passcode was wrong.
    pub passcodes_wrong: Counter,
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
    buffered: AtomicUsize,
}

impl Stats {
    /// Takes `bytes` out of the shared budget of `most`; `false` if there is not enough left.
    /// No bytes can always be had, also while the budget is overdrawn.
    pub fn reserve(&self, bytes: usize, most: usize) -> bool {
        if bytes == 0 {
            return true;
        }
        let before = self.buffered.fetch_add(bytes, Relaxed);
        if before.saturating_add(bytes) <= most {
            return true;
        }
        self.buffered.fetch_sub(bytes, Relaxed);
        self.budget_exhausted.add();
        false
    }

    /// Takes `bytes` whether or not they are left: for the few that the server itself sends.
    pub fn hold(&self, bytes: usize) {
        if bytes > 0 {
            self.buffered.fetch_add(bytes, Relaxed);
        }
    }

    /// Gives reserved bytes back.
    pub fn release(&self, bytes: usize) {
        // Nearly always it is nothing, and adding that would cost as much.
        if bytes > 0 {
            self.buffered.fetch_sub(bytes, Relaxed);
        }
    }

    /// Bytes that are reserved now.
    pub fn buffered(&self) -> usize {
        self.buffered.load(Relaxed)
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
}
