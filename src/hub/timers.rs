//! Times at which sessions want to be asked again: a heap, earliest first.
//!
//! A time that is put off is not looked for in the heap: its entry is found to be stale when
//! it comes up. So that many short sessions cannot fill the heap with stale entries, it is
//! swept whenever it has grown to twice the number of sessions.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

/// The earlier of two times that may not be set.
#[inline]
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The heap.
#[derive(Debug)]
pub(super) struct Timers<K> {
    heap: BinaryHeap<Reverse<(Instant, K)>>,
}

impl<K> Default for Timers<K>
where
    K: Ord,
{
    fn default() -> Self {
        Self {
            heap: BinaryHeap::new(),
        }
    }
}

impl<K: Copy + Ord> Timers<K> {
    /// Entries that are kept without a sweep, however few sessions there are.
    const SLACK: usize = 64;

    pub(super) fn add(&mut self, at: Instant, key: K) {
        self.heap.push(Reverse((at, key)));
    }

    /// The earliest entry, if its time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(Instant, K)> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    pub(super) fn earliest(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Drops stale entries if there are many; `live` tells which are not.
    pub(super) fn sweep(&mut self, sessions: usize, live: impl Fn(Instant, K) -> bool) {
        if self.heap.len() > 2 * sessions + Self::SLACK {
            self.heap.retain(|Reverse((at, key))| live(*at, *key));
            self.heap.shrink_to(2 * sessions + Self::SLACK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_come_up_in_order_and_not_before() {
        let now = Instant::now();
        let at = |s| now + Duration::from_secs(s);
        let mut timers = Timers::default();
        for s in [3, 1, 2] {
            timers.add(at(s), s);
        }
        assert_eq!(timers.earliest(), Some(at(1)));
        assert_eq!(timers.pop_due(now), None);
        assert_eq!(timers.pop_due(at(2)), Some((at(1), 1)));
        assert_eq!(timers.pop_due(at(2)), Some((at(2), 2)));
        assert_eq!(timers.pop_due(at(2)), None);
    }

    #[test]
    fn stale_entries_do_not_pile_up() {
        let now = Instant::now();
        let mut timers = Timers::default();
        for n in 0..10_000u64 {
            timers.add(now + Duration::from_secs(n), n);
            timers.sweep(1, |_, key| key == n);
        }
        assert!(timers.heap.len() <= 67, "{}", timers.heap.len());
    }
}
