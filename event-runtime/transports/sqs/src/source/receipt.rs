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

/// The lease of a handle that was asked for at `asked_at`, in whole seconds since the epoch: one text for all messages
/// of a receive.
pub(crate) fn lease(asked_at: &str, handle: &str) -> Lease {
    Lease::Text([asked_at, ":", handle].concat().into())
}

/// The handle of a lease; `None` for one that no [`lease`] made.
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
        for text in ["AQEB==", "a:b:c", ""] {
            assert_eq!(handle(&lease("7", text)), Some(text));
        }
        assert_eq!(handle(&Lease::Numbers(1, 2)), None);
    }

    #[test]
    fn timeouts_are_rounded_up_and_stay_within_the_twelve_hours_of_the_receive() {
        let lease = lease("1000", "h");
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
