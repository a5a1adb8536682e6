//! How long the server takes to pass events on: from having read what a client sent to having written
//! what came of it.
//!
//! It stands around a turn (`Server::turn`), in which the application counts the events that it relays.
//! It begins with the turn's own time, or before it if the lock had to be waited for, and ends when the
//! turn, or the flusher after it, has written: so it costs a turn that relays one look at the clock, and
//! every other one nothing but a comparison.
//!
//! | the receiver | the time ends |
//! |---|---|
//! | a WebSocket | when its bytes were given to the socket; if that is full, when that was tried |
//! | polls | when its poll was woken: when that comes, and is answered, is up to the client |
//!
//! What waits for the flusher is written with one write a client, and counts as its oldest: the figure
//! is never too small. Every relayed event is in it once. Left out: the way through the system and the
//! network, which nobody here can measure; receivers who have stopped reading, see `outboxes_full`.

use crate::stats::Stats;
use std::time::Instant;

/// Whether there is anybody who could read the figures.
const MEASURED: bool = cfg!(feature = "metrics");

/// Events that were relayed and are not written yet.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Relays {
    count: u64,
    /// When the oldest was read.
    since: Option<Instant>,
}

impl Relays {
    /// What to tell [`since`](Self::since) after the turn.
    pub(super) fn before(stats: &Stats) -> u64 {
        if MEASURED { stats.relayed.get() } else { 0 }
    }

    /// Those of a turn that began then and found so many counted before.
    pub(super) fn since(began: Instant, before: u64, stats: &Stats) -> Self {
        Self {
            count: Self::before(stats).wrapping_sub(before),
            since: Some(began),
        }
    }

    /// Lets these wait together with `others`.
    pub(super) fn join(&mut self, others: Self) {
        if others.count > 0 {
            self.count += others.count;
            self.since = match (self.since, others.since) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
    }

    /// They have been written.
    pub(super) fn written(self, stats: &Stats) {
        if self.count > 0
            && let Some(since) = self.since
        {
            stats.relay_seconds.add(since.elapsed(), self.count);
        }
    }
}

#[cfg(feature = "metrics")]
#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_waits_together_counts_as_the_oldest_of_it() {
        let stats = Stats::default();
        let now = Instant::now();
        let earlier = now
            .checked_sub(Duration::from_secs(1))
            .expect("the clock has run for a second");
        let mut relays = Relays::default();
        for began in [now, earlier, now] {
            let before = Relays::before(&stats);
            stats.relayed.add();
            relays.join(Relays::since(began, before, &stats));
        }
        relays.written(&stats);
        let times = stats.relay_seconds.get();
        assert_eq!(times.count(), 3);
        assert!(times.sum() >= Duration::from_secs(3));
    }

    #[test]
    fn a_turn_that_relays_nothing_is_not_counted() {
        let stats = Stats::default();
        let mut relays = Relays::default();
        relays.join(Relays::since(
            Instant::now(),
            Relays::before(&stats),
            &stats,
        ));
        assert!(relays.since.is_none());
        relays.written(&stats);
        assert_eq!(stats.relay_seconds.get().count(), 0);
    }
}
