//! The outbox's metrics and its words in the log.

use std::time::Duration;

use super::stats::OutboxStats;

pub(super) fn measured(outbox: &str, stats: &OutboxStats) {
    let outbox = outbox.to_owned();
    metrics::gauge!("event_outbox_depth", "outbox" => outbox.clone()).set(stats.pending as f64);
    metrics::gauge!("event_outbox_age_seconds", "outbox" => outbox.clone()).set(stats.age.as_secs_f64());
    metrics::gauge!("event_outbox_set_aside", "outbox" => outbox).set(stats.set_aside as f64);
}

/// `lag` is the time from the emit to here.
pub(super) fn published(outbox: &str, lag: Duration) {
    let outbox = outbox.to_owned();
    metrics::counter!("event_outbox_published_total", "outbox" => outbox.clone()).increment(1);
    metrics::histogram!("event_outbox_lag_seconds", "outbox" => outbox).record(lag.as_secs_f64());
}

pub(super) fn failed(outbox: &str, event_id: &str, payload_type: &str, error: &str, set_aside: bool) {
    let result = if set_aside { "set_aside" } else { "retry" };
    metrics::counter!("event_outbox_failed_total", "outbox" => outbox.to_owned(), "result" => result)
        .increment(1);
    if set_aside {
        tracing::error!(
            outbox,
            event_id,
            payload_type,
            error,
            "an event of the outbox can't be published; it is set aside"
        );
    } else {
        tracing::warn!(
            outbox,
            event_id,
            payload_type,
            error,
            "an event of the outbox was not published; it is tried again"
        );
    }
}

pub(super) fn store_failed(outbox: &str, error: &crate::StoreError) {
    metrics::counter!("event_outbox_store_errors_total", "outbox" => outbox.to_owned()).increment(1);
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(outbox, %error, cause, "the outbox's database failed; the relay goes on");
}
