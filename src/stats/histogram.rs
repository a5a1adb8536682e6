//! How long something took, many times over: a count for each range of times, and the sum of all.
//!
//! The ranges are those of Prometheus' own libraries where a relay falls into them, with finer ones
//! below, because a board relays in tens of microseconds. A time is put into its range by comparing from
//! the shortest on, which for nearly all is one or two comparisons; counting is two relaxed additions.
//!
//! Left out: ranges of one's own, quantiles. Who reads the numbers adds them up over time.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The longest time of each range but the last, which has no end, in nanoseconds.
const BOUNDS: [u64; 14] = [
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    500_000_000,
    2_500_000_000,
];

const RANGES: usize = BOUNDS.len() + 1;

/// Times, counted by range.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; RANGES],
    sum: AtomicU64,
}

impl Histogram {
    /// Counts so many things that took this long each.
    pub fn add(&self, time: Duration, count: u64) {
        let nanoseconds = time
            .as_secs()
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(time.subsec_nanos()));
        let range = BOUNDS.iter().position(|bound| nanoseconds <= *bound);
        if let Some(range) = self.counts.get(range.unwrap_or(BOUNDS.len())) {
            range.fetch_add(count, Relaxed);
        }
        self.sum.fetch_add(nanoseconds.wrapping_mul(count), Relaxed);
    }

    /// What was counted so far.
    pub fn get(&self) -> Times {
        Times {
            counts: array::from_fn(|range| self.counts[range].load(Relaxed)),
            sum: Duration::from_nanos(self.sum.load(Relaxed)),
        }
    }
}

/// What a [`Histogram`] has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    counts: [u64; RANGES],
    sum: Duration,
}

impl Times {
    /// For each range the longest time that falls into it, and how many took that long at most. The
    /// times of the last range, which is not in it, are longer.
    pub fn up_to(&self) -> impl Iterator<Item = (Duration, u64)> {
        let so_far = self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        });
        let bounds = BOUNDS.iter().map(|bound| Duration::from_nanos(*bound));
        bounds.zip(so_far)
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long they took together.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_counts_in_its_range_and_in_all_above_it() {
        let histogram = Histogram::default();
        histogram.add(Duration::from_micros(25), 1);
        histogram.add(Duration::from_nanos(25_001), 2);
        histogram.add(Duration::from_secs(3), 1);
        let times = histogram.get();
        let up_to: Vec<_> = times.up_to().map(|(_, count)| count).collect();
        assert_eq!(up_to[..3], [1, 3, 3]);
        assert_eq!((up_to[BOUNDS.len() - 1], times.count()), (3, 4));
        assert_eq!(times.sum(), Duration::from_nanos(3_000_075_002));
    }

    #[test]
    fn ranges_follow_each_other_and_no_time_is_too_long() {
        assert!(BOUNDS.is_sorted_by(|one, next| one < next));
        let histogram = Histogram::default();
        histogram.add(Duration::MAX, 1);
        assert_eq!(histogram.get().count(), 1);
    }
}
