//! A WebSocket that probes beside a polling session (Engine.IO v4, "Upgrade").
//!
//! | probe socket says | answer | then |
//! |---|---|---|
//! | `2probe` | `3probe`; every 100 ms a waiting poll is released with `6` | still probing |
//! | `5` (also without a probe before it) | the session moves to this socket | WebSocket |
//! | anything else, or nothing within `upgrade_timeout` | the socket is closed | polling goes on |
//!
//! The release matters: the client sends `5` only when no poll of its own is under way, so a
//! server that keeps a quiet poll waiting would delay every upgrade by up to a ping interval.

use super::ConnectionKey;
use crate::config::Protocol;
use crate::engineio::packet::Packet;
use std::time::{Duration, Instant};

/// Time between two releases of a waiting poll while a probe is under way.
const RELEASE_EVERY: Duration = Duration::from_millis(100);

/// A probing socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) connection: ConnectionKey,
    /// Whether the socket wants binary as text.
    pub(super) base64: bool,
    until: Instant,
    release_at: Option<Instant>,
}

/// What a packet on the probe socket leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Answer `3probe`.
    Reply,
    /// Move the session to this socket.
    Move,
    /// Close the socket; the session keeps polling.
    Fail,
}

impl Probe {
    pub(super) fn new(
        connection: ConnectionKey,
        base64: bool,
        now: Instant,
        settings: &Protocol,
    ) -> Self {
        Self {
            connection,
            base64,
            until: now + settings.upgrade_timeout,
            release_at: None,
        }
    }

    pub(super) fn receive(&mut self, packet: Packet<'_>, now: Instant) -> Verdict {
        match packet {
            Packet::Ping("probe") => {
                self.release_at.get_or_insert(now + RELEASE_EVERY);
                Verdict::Reply
            }
            Packet::Upgrade => Verdict::Move,
            Packet::Open
            | Packet::Close
            | Packet::Ping(_)
            | Packet::Pong(_)
            | Packet::Message(_)
            | Packet::Noop => Verdict::Fail,
        }
    }

    pub(super) fn timed_out(&self, now: Instant) -> bool {
        self.until <= now
    }

    /// Whether a waiting poll is to be released now; asks again 100 ms later.
    pub(super) fn release_due(&mut self, now: Instant) -> bool {
        match self.release_at {
            Some(at) if at <= now => {
                self.release_at = Some(now + RELEASE_EVERY);
                true
            }
            _ => false,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        self.release_at.map_or(self.until, |at| at.min(self.until))
    }
}
