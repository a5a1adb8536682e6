//! A token bucket: how often something may happen, on average and at once. Pure; time is an
//! argument.

use std::time::Instant;

/// Seconds of the rate that may be used at once.
const BURST_SECONDS: f32 = 10.0;

/// Tokens left, refilled as time goes by. 24 bytes.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    tokens: f32,
    filled: Instant,
}

impl Bucket {
    /// A full bucket for `rate` a second.
    pub fn full(rate: u32, now: Instant) -> Self {
        Self {
            tokens: rate as f32 * BURST_SECONDS,
            filled: now,
        }
    }

    /// Takes one token if there is one.
    pub fn take(&mut self, rate: u32, now: Instant) -> bool {
        let most = rate as f32 * BURST_SECONDS;
        let passed = now.saturating_duration_since(self.filled).as_secs_f32();
        self.tokens = (self.tokens + passed * rate as f32).min(most);
        self.filled = now;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Whether it is full again, so that forgetting it changes nothing.
    pub fn is_full(&self, rate: u32, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.filled).as_secs_f32();
        self.tokens + passed * rate as f32 >= rate as f32 * BURST_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ten_seconds_of_the_rate_pass_at_once_and_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::full(5, start);
        assert_eq!((0..100).filter(|_| bucket.take(5, start)).count(), 50);
        let later = start + Duration::from_secs(2);
        assert!(!bucket.is_full(5, later));
        assert_eq!((0..100).filter(|_| bucket.take(5, later)).count(), 10);
        assert!(bucket.is_full(5, start + Duration::from_secs(13)));
    }
}
