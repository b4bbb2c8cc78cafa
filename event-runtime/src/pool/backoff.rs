//! Delays between attempts in the background: full jitter, held below a maximum.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often, and after which delays, something is tried again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    /// How many attempts there are in all; at least 1.
    pub(super) attempts: u32,
    /// The delay's upper bound after the first attempt; it doubles with each further one.
    pub(super) base: Duration,
    /// The upper bound's own upper bound.
    pub(super) max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { attempts: 5, base: Duration::from_millis(200), max: Duration::from_secs(30) }
    }
}

impl Backoff {
    /// The delay after attempt number `attempt` (from 1 on) has failed; `None` where it was the last.
    pub(super) fn after(&self, attempt: u32) -> Option<Duration> {
        (attempt < self.attempts).then(|| self.bound(attempt).mul_f64(fraction()))
    }

    fn bound(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.base.saturating_mul(1 << doublings).min(self.max)
    }
}

/// A random number between 0 and 1; the hasher's keys are seeded by the operating system.
fn fraction() -> f64 {
    // 53 bits are what an `f64` holds exactly.
    (RandomState::new().hash_one(0_u8) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_within_their_bounds_and_end_with_the_attempts() {
        let backoff = Backoff { attempts: 40, base: Duration::from_millis(100), max: Duration::from_secs(5) };
        for attempt in 1..40 {
            let delay = backoff.after(attempt).unwrap();
            assert!(delay <= backoff.bound(attempt) && delay <= backoff.max);
        }
        assert_eq!(backoff.bound(2), Duration::from_millis(200));
        assert_eq!(backoff.bound(39), backoff.max);
        assert_eq!(backoff.after(40), None);
    }

    #[test]
    fn delays_differ() {
        let backoff = Backoff::default();
        let first = backoff.after(1);
        assert!((0..50).any(|_| backoff.after(1) != first));
    }
}
