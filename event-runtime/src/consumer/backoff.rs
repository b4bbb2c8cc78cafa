//! When a failed message is tried again.

use std::time::Duration;

/// Exponential backoff with full jitter: before attempt n+1 a random time between zero and
/// `min(max, base · 2ⁿ)`.
///
/// Full jitter spreads the retries of messages that failed together evenly over the whole interval, see
/// "Exponential Backoff And Jitter" in the AWS Architecture Blog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The unit that doubles with every attempt.
    pub base: Duration,
    /// The longest delay.
    pub max: Duration,
}

impl Default for Backoff {
    /// A base of 5 seconds and at most 900.
    fn default() -> Self {
        Self { base: Duration::from_secs(5), max: Duration::from_secs(900) }
    }
}

impl Backoff {
    /// The longest delay after attempt number `attempt`, from 1 on, has failed.
    ///
    /// ```
    /// use std::time::Duration;
    /// use event_runtime::consumer::Backoff;
    ///
    /// let backoff = Backoff::default();
    /// assert_eq!(backoff.ceiling(1), Duration::from_secs(10));
    /// assert_eq!(backoff.ceiling(60), Duration::from_secs(900));
    /// ```
    pub fn ceiling(&self, attempt: u32) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        self.base.saturating_mul(factor).min(self.max)
    }

    /// The delay after attempt number `attempt` for a `random` number: 0 gives zero, `u64::MAX` the ceiling.
    pub fn delay(&self, attempt: u32, random: u64) -> Duration {
        self.ceiling(attempt).mul_f64(random as f64 / u64::MAX as f64)
    }

    pub(crate) fn random_delay(&self, attempt: u32) -> Duration {
        self.delay(attempt, fastrand::u64(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_maximum() {
        let backoff = Backoff { base: Duration::from_secs(1), max: Duration::from_secs(10) };
        let seconds: Vec<u64> = (1..6).map(|attempt| backoff.ceiling(attempt).as_secs()).collect();
        assert_eq!(seconds, [2, 4, 8, 10, 10]);
        assert_eq!(backoff.ceiling(u32::MAX), Duration::from_secs(10));
    }

    #[test]
    fn the_random_number_spans_the_whole_interval() {
        let backoff = Backoff::default();
        assert_eq!(backoff.delay(3, 0), Duration::ZERO);
        assert_eq!(backoff.delay(3, u64::MAX), backoff.ceiling(3));
    }
}
