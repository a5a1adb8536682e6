//! The server's heartbeat (Engine.IO v4, "Heartbeat"): a ping one interval after the handshake
//! and after each pong; the end of the session if no pong follows a ping in time.
//!
//! The time-out runs from the moment the ping is put into the outbox, so that it also ends a
//! client which never polls.

use crate::config::Protocol;
use std::time::Instant;

/// Where a session stands between two pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heartbeat {
    /// The next ping is due then.
    Resting(Instant),
    /// A ping is out; its pong must be here by then.
    Waiting(Instant),
}

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    TimedOut,
}

impl Heartbeat {
    pub(super) fn start(now: Instant, settings: &Protocol) -> Self {
        Self::Resting(now + settings.ping_interval)
    }

    /// A pong came; one that nobody asked for changes nothing.
    pub(super) fn pong(&mut self, now: Instant, settings: &Protocol) {
        if let Self::Waiting(_) = self {
            *self = Self::start(now, settings);
        }
    }

    pub(super) fn tick(&mut self, now: Instant, settings: &Protocol) -> Due {
        match *self {
            Self::Resting(at) if at <= now => {
                *self = Self::Waiting(now + settings.ping_timeout);
                Due::Ping
            }
            Self::Waiting(at) if at <= now => Due::TimedOut,
            Self::Resting(_) | Self::Waiting(_) => Due::Nothing,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match *self {
            Self::Resting(at) | Self::Waiting(at) => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn pings_rest_one_interval_and_wait_one_timeout() {
        let settings = Protocol::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::start(start, &settings);
        assert_eq!(heartbeat.tick(at(24), &settings), Due::Nothing);
        assert_eq!(heartbeat.tick(at(25), &settings), Due::Ping);
        assert_eq!(heartbeat.deadline(), at(45));
        heartbeat.pong(at(30), &settings);
        assert_eq!(heartbeat.deadline(), at(55));
        assert_eq!(heartbeat.tick(at(55), &settings), Due::Ping);
        assert_eq!(heartbeat.tick(at(74), &settings), Due::Nothing);
        assert_eq!(heartbeat.tick(at(75), &settings), Due::TimedOut);
    }

    #[test]
    fn a_pong_that_nobody_asked_for_does_not_put_the_ping_off() {
        let settings = Protocol::default();
        let start = Instant::now();
        let mut heartbeat = Heartbeat::start(start, &settings);
        heartbeat.pong(start + Duration::from_secs(20), &settings);
        assert_eq!(heartbeat.deadline(), start + Duration::from_secs(25));
    }
}
