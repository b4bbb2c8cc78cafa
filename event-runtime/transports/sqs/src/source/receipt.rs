//! Leases: a receipt handle, and when it was received.
//!
//! All extensions of one receive add up to twelve hours at most, counted from the receive, and a request beyond is
//! refused instead of shortened (API Reference, `ChangeMessageVisibility`). So the lease carries its beginning.

use std::time::Duration;

use event_runtime::delivery::Lease;
use jiff::Timestamp;

use crate::limits::MAX_VISIBILITY;

/// Kept free of the twelve hours for clocks that differ and calls that take their time.
const MARGIN: Duration = Duration::from_secs(30);

/// Makes the leases of what one receive brought, in one buffer.
pub(crate) struct Leases {
    text: String,
    /// Where handles begin in it.
    start: usize,
}

impl Leases {
    /// For a receive that was asked for at this moment.
    pub(crate) fn new(asked_at: Timestamp) -> Self {
        let text = format!("{}:", asked_at.as_second());
        Self { start: text.len(), text }
    }

    /// The lease of a handle.
    pub(crate) fn lease(&mut self, handle: &str) -> Lease {
        self.text.truncate(self.start);
        self.text.push_str(handle);
        Lease::Text(self.text.as_str().into())
    }
}

/// The handle of a lease; `None` for one that no [`Leases`] made.
pub(crate) fn handle(lease: &Lease) -> Option<&str> {
    parts(lease).map(|(_, handle)| handle)
}

/// `timeout` in whole seconds, rounded up, as far as the twelve hours of this lease allow.
pub(crate) fn visibility(lease: &Lease, timeout: Duration, now: Timestamp) -> i32 {
    let asked_at = parts(lease).and_then(|(asked_at, _)| asked_at.parse().ok()).unwrap_or(now.as_second());
    let elapsed = u64::try_from(now.as_second().saturating_sub(asked_at)).unwrap_or(0);
    let whole_seconds = timeout.as_secs().saturating_add(u64::from(timeout.subsec_nanos() > 0));
    let left = MAX_VISIBILITY.saturating_sub(MARGIN).as_secs().saturating_sub(elapsed);
    i32::try_from(whole_seconds.min(left)).unwrap_or(i32::MAX)
}

fn parts(lease: &Lease) -> Option<(&str, &str)> {
    let Lease::Text(text) = lease else { return None };
    text.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_handle_survives_whatever_it_holds() {
        let mut leases = Leases::new(at(7));
        for text in ["AQEB==", "a:b:c", ""] {
            assert_eq!(handle(&leases.lease(text)), Some(text));
        }
        assert_eq!(handle(&Lease::Numbers(1, 2)), None);
    }

    #[test]
    fn timeouts_are_rounded_up_and_stay_within_the_twelve_hours_of_the_receive() {
        let lease = Leases::new(at(1000)).lease("h");
        let after =
            |elapsed: i64, seconds| visibility(&lease, Duration::from_secs_f64(seconds), at(1000 + elapsed));
        assert_eq!(after(0, 0.0), 0);
        assert_eq!(after(0, 0.1), 1);
        assert_eq!(after(60, 30.0), 30);
        assert_eq!(after(0, 43_200.0), 43_170);
        assert_eq!(after(43_000, 600.0), 170);
        assert_eq!(after(50_000, 600.0), 0);
        assert_eq!(after(-5, 30.0), 30);
    }
}
