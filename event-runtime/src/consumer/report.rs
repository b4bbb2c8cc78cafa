//! What a run did, in numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{Counter, Gauge, counter, gauge};

/// What a run did, from start to the end of its drain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Deliveries received.
    pub received: u64,
    /// Attempts that ended in an acknowledgement.
    pub acknowledged: u64,
    /// Attempts that are to be repeated.
    pub retried: u64,
    /// Messages stored as dead letters.
    pub dead_lettered: u64,
    /// Messages removed unhandled, by a handler's wish or by `on_exhausted`.
    pub discarded: u64,
    /// Deliveries given back without an attempt.
    pub handed_back: u64,
    /// Handlers that the drain deadline cut off; their messages were released.
    pub cut_off: u64,
    /// Leases that ended before their message was settled.
    pub leases_lost: u64,
    /// Settlements that were not confirmed by the end; their messages will come again.
    pub unsettled: u64,
}

/// The same numbers while they grow, and their metrics.
///
/// Metrics, all labelled `source`: counters `event_consumer_received_total`,
/// `event_consumer_outcomes_total` (label `outcome`: `ack`, `retry`, `dead_letter`, `discard`, `hand_back`),
/// `event_consumer_cut_off_total`, `event_consumer_leases_lost_total`, `event_consumer_receive_errors_total`,
/// `event_consumer_settle_errors_total`; gauge `event_consumer_in_flight`.
pub(crate) struct Counts {
    pub(crate) received: Count,
    pub(crate) acknowledged: Count,
    pub(crate) retried: Count,
    pub(crate) dead_lettered: Count,
    pub(crate) discarded: Count,
    pub(crate) handed_back: Count,
    pub(crate) cut_off: Count,
    pub(crate) leases_lost: Count,
    pub(crate) receive_errors: Count,
    pub(crate) settle_errors: Count,
    pub(crate) in_flight: Gauge,
}

/// A number of this run beside the metric that sums all runs.
pub(crate) struct Count(AtomicU64, Counter);

impl Count {
    fn new(metric: Counter) -> Self {
        Self(AtomicU64::new(0), metric)
    }

    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
        self.1.increment(more);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(crate) fn new(source: &str) -> Self {
        let source = source.to_owned();
        let outcome = |outcome: &'static str| {
            Count::new(
                counter!("event_consumer_outcomes_total", "source" => source.clone(), "outcome" => outcome),
            )
        };
        Self {
            received: Count::new(counter!("event_consumer_received_total", "source" => source.clone())),
            acknowledged: outcome("ack"),
            retried: outcome("retry"),
            dead_lettered: outcome("dead_letter"),
            discarded: outcome("discard"),
            handed_back: outcome("hand_back"),
            cut_off: Count::new(counter!("event_consumer_cut_off_total", "source" => source.clone())),
            leases_lost: Count::new(counter!("event_consumer_leases_lost_total", "source" => source.clone())),
            receive_errors: Count::new(
                counter!("event_consumer_receive_errors_total", "source" => source.clone()),
            ),
            settle_errors: Count::new(
                counter!("event_consumer_settle_errors_total", "source" => source.clone()),
            ),
            in_flight: gauge!("event_consumer_in_flight", "source" => source),
        }
    }

    pub(crate) fn report(&self, unsettled: usize) -> RunReport {
        RunReport {
            received: self.received.get(),
            acknowledged: self.acknowledged.get(),
            retried: self.retried.get(),
            dead_lettered: self.dead_lettered.get(),
            discarded: self.discarded.get(),
            handed_back: self.handed_back.get(),
            cut_off: self.cut_off.get(),
            leases_lost: self.leases_lost.get(),
            unsettled: unsettled as u64,
        }
    }
}
