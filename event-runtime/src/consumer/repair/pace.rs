//! How fast letters go back.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{after, until};

/// Spreads letters evenly: the next one is due one interval after the one before.
pub(super) struct Pace {
    interval: Duration,
    due: Option<Timestamp>,
}

impl Pace {
    pub(super) fn new(per_second: Option<f64>) -> Self {
        let interval = per_second.and_then(|rate| Duration::try_from_secs_f64(1.0 / rate).ok());
        Self { interval: interval.unwrap_or_default(), due: None }
    }

    /// How long to wait until the next letter is due.
    pub(super) fn wait(&self, now: Timestamp) -> Duration {
        self.due.map_or(Duration::ZERO, |due| until(now, due))
    }

    /// A letter went at `now`.
    pub(super) fn went(&mut self, now: Timestamp) {
        self.due = Some(after(now, self.interval));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_an_interval_apart() {
        let now = Timestamp::UNIX_EPOCH;
        let mut pace = Pace::new(Some(4.0));
        assert_eq!(pace.wait(now), Duration::ZERO);
        pace.went(now);
        assert_eq!(pace.wait(now), Duration::from_millis(250));
        assert_eq!(Pace::new(None).wait(now), Duration::ZERO);
    }
}
