//! The heartbeat (Engine.IO v4, "Heartbeat"): a ping one interval after the handshake and after
//! each pong; the end of the session if no pong follows a ping in time. In revision 3 it is the
//! client that pings, and the session ends if it has not for an interval and a time-out.
//!
//! The time-out runs from the moment the ping is put into the outbox, so that it also ends a
//! client which never polls. (The reference server forgets it when a session of revision 3 is
//! upgraded, and never ends that session.)

use crate::config::Protocol;
use crate::engineio::revision::Revision;
use std::time::Instant;

/// Where a session stands between two pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heartbeat {
    /// The next ping is due then.
    Resting(Instant),
    /// A ping is out; its pong must be here by then.
    Waiting(Instant),
    /// The client pings; its next one must be here by then.
    Listening(Instant),
}

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    TimedOut,
}

impl Heartbeat {
    pub(super) fn start(now: Instant, settings: &Protocol, revision: Revision) -> Self {
        let next = now + settings.ping_interval;
        match revision {
            Revision::V3 => Self::Listening(next + settings.ping_timeout),
            Revision::V4 => Self::Resting(next),
        }
    }

    /// The client's part came: a pong, or in revision 3 a ping. A pong that nobody asked for
    /// changes nothing.
    pub(super) fn beat(&mut self, now: Instant, settings: &Protocol) {
        match self {
            Self::Resting(_) => {}
            Self::Waiting(_) => *self = Self::start(now, settings, Revision::V4),
            Self::Listening(_) => *self = Self::start(now, settings, Revision::V3),
        }
    }

    pub(super) fn tick(&mut self, now: Instant, settings: &Protocol) -> Due {
        match *self {
            Self::Resting(at) if at <= now => {
                *self = Self::Waiting(now + settings.ping_timeout);
                Due::Ping
            }
            Self::Waiting(at) | Self::Listening(at) if at <= now => Due::TimedOut,
            Self::Resting(_) | Self::Waiting(_) | Self::Listening(_) => Due::Nothing,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        match *self {
            Self::Resting(at) | Self::Waiting(at) | Self::Listening(at) => at,
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
        let mut heartbeat = Heartbeat::start(start, &settings, Revision::V4);
        assert_eq!(heartbeat.tick(at(24), &settings), Due::Nothing);
        assert_eq!(heartbeat.tick(at(25), &settings), Due::Ping);
        assert_eq!(heartbeat.deadline(), at(45));
        heartbeat.beat(at(30), &settings);
        assert_eq!(heartbeat.deadline(), at(55));
        assert_eq!(heartbeat.tick(at(55), &settings), Due::Ping);
        assert_eq!(heartbeat.tick(at(74), &settings), Due::Nothing);
        assert_eq!(heartbeat.tick(at(75), &settings), Due::TimedOut);
    }

    #[test]
    fn a_pong_that_nobody_asked_for_does_not_put_the_ping_off() {
        let settings = Protocol::default();
        let start = Instant::now();
        let mut heartbeat = Heartbeat::start(start, &settings, Revision::V4);
        heartbeat.beat(start + Duration::from_secs(20), &settings);
        assert_eq!(heartbeat.deadline(), start + Duration::from_secs(25));
    }

    #[test]
    fn a_client_of_revision_3_has_an_interval_and_a_timeout_from_one_ping_to_the_next() {
        let settings = Protocol::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::start(start, &settings, Revision::V3);
        assert_eq!(heartbeat.tick(at(44), &settings), Due::Nothing);
        heartbeat.beat(at(44), &settings);
        assert_eq!(heartbeat.deadline(), at(89));
        assert_eq!(heartbeat.tick(at(88), &settings), Due::Nothing);
        assert_eq!(heartbeat.tick(at(89), &settings), Due::TimedOut);
    }
}
