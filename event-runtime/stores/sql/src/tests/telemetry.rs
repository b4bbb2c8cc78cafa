//! What a relay records.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use event_runtime::transport::ProduceErrorKind;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};
use tokio_util::sync::CancellationToken;

use super::shop::{TestBroker, order, write};
use super::{clock, databases};
use crate::{Outbox, Relay, RelaySettings, migrate};

/// Series with their values: of a gauge and a histogram the last one, of a counter the sum.
#[derive(Clone, Default)]
struct Recorded(Arc<Mutex<BTreeMap<String, f64>>>);

struct Series(Recorded, String);

impl Series {
    fn change(&self, change: impl FnOnce(&mut f64)) {
        change(self.0.0.lock().unwrap().entry(self.1.clone()).or_default());
    }
}

impl CounterFn for Series {
    fn increment(&self, by: u64) {
        self.change(|value| *value += by as f64);
    }

    fn absolute(&self, to: u64) {
        self.change(|value| *value = to as f64);
    }
}

impl GaugeFn for Series {
    fn increment(&self, by: f64) {
        self.change(|value| *value += by);
    }

    fn decrement(&self, by: f64) {
        self.change(|value| *value -= by);
    }

    fn set(&self, to: f64) {
        self.change(|value| *value = to);
    }
}

impl HistogramFn for Series {
    fn record(&self, seconds: f64) {
        self.change(|value| *value = seconds);
    }
}

impl Recorded {
    fn series(&self, key: &Key) -> Arc<Series> {
        let labels: Vec<_> =
            key.labels().map(|label| format!(" {}={}", label.key(), label.value())).collect();
        Arc::new(Series(self.clone(), format!("{}{}", key.name(), labels.concat())))
    }
}

impl Recorder for Recorded {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.series(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.series(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.series(key))
    }
}

/// One row is published, one fails for a while and one for good.
async fn one_batch() {
    let place = databases::sqlite().await;
    migrate(&place.pool).await.unwrap();
    let (clock, broker) = (clock(), TestBroker::new("broker"));
    let outbox = Outbox::new().with_clock(clock.clock());
    write(&place.pool, &outbox, [order("a", 1), order("b", 2), order("c", 3)]).await;
    clock.advance(Duration::from_secs(90));
    broker.fail(2, ProduceErrorKind::Unavailable);
    broker.fail(3, ProduceErrorKind::TooLarge);
    let stop = CancellationToken::new();
    let relay = Relay::new(place.pool.clone(), TestBroker::pool(&[broker]))
        .with_settings(RelaySettings { max_refusals: 1, ..RelaySettings::default() })
        .with_clock(clock.clock())
        .with_name("shop");
    let idle = async {
        // It has settled, measured, and sleeps until the next look.
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        stop.cancel();
    };
    let (report, ()) = tokio::join!(relay.run(stop.cancelled()), idle);
    let report = report.unwrap();
    assert_eq!((report.published, report.retried, report.set_aside), (1, 1, 1));
    place.remove().await;
}

#[test]
fn a_relay_records_what_it_does_and_what_is_left() {
    let recorded = Recorded::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    metrics::with_local_recorder(&recorded, || runtime.block_on(one_batch()));
    let mut values = recorded.0.lock().unwrap().clone();
    values.retain(|series, _| series.starts_with("event_outbox"));
    let expected = [
        ("event_outbox_age_seconds outbox=shop", 90.0),
        ("event_outbox_depth outbox=shop", 1.0),
        ("event_outbox_failed_total outbox=shop result=retry", 1.0),
        ("event_outbox_failed_total outbox=shop result=set_aside", 1.0),
        ("event_outbox_lag_seconds outbox=shop", 90.0),
        ("event_outbox_published_total outbox=shop", 1.0),
        ("event_outbox_set_aside outbox=shop", 1.0),
    ];
    assert_eq!(values, expected.map(|(name, value)| (name.to_owned(), value)).into());
}
