//! How often something may happen, on average and at once. Pure; time is an argument.
//!
//! A token bucket, kept as the one time at which it will be full again (the generic cell rate
//! algorithm, ITU-T I.371): every token taken puts it off by what it takes to come back.

use std::time::{Duration, Instant};

/// Time in which an empty bucket fills: the rate of so many seconds may be used at once.
const BURST: Duration = Duration::from_secs(10);

/// Nanoseconds of a second.
const NANOS: u32 = 1_000_000_000;

/// What may still happen now. 16 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    full_at: Instant,
}

const _: () = assert!(size_of::<Bucket>() == 16);

impl Bucket {
    /// A full bucket, whatever its rate.
    pub fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// Takes one token if there is one; `rate` of them come a second.
    pub fn take(&mut self, rate: u32, now: Instant) -> bool {
        let Some(step) = NANOS.checked_div(rate) else {
            return false;
        };
        let full_at = self.full_at.max(now) + Duration::new(0, step);
        if full_at > now + BURST {
            return false;
        }
        self.full_at = full_at;
        true
    }

    /// Whether it is full again, so that forgetting it changes nothing.
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_seconds_of_the_rate_pass_at_once_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        assert_eq!((0..100).filter(|_| bucket.take(5, start)).count(), 50);
        let later = start + Duration::from_secs(2);
        assert!(!bucket.is_full(later));
        assert_eq!((0..100).filter(|_| bucket.take(5, later)).count(), 10);
        assert!(bucket.is_full(start + Duration::from_secs(13)));
    }

    #[test]
    fn at_a_rate_of_nothing_nothing_passes() {
        let now = Instant::now();
        assert!(!Bucket::full(now).take(0, now));
    }
}
