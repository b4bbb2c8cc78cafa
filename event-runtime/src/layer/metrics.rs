//! Counters and durations of handled messages, through the `metrics` facade.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll};

use foldhash::fast::RandomState;
use metrics::{Counter, Histogram, SharedString};
use tokio::time::Instant;

use crate::error::FailureCode;
use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Payload types come from the wire: after this many different ones, further ones are counted together.
const MAX_PAYLOAD_TYPES: usize = 1024;

/// The payload type of messages that no handler was registered for.
const UNREGISTERED: &str = "unregistered";

/// The payload type of messages beyond [`MAX_PAYLOAD_TYPES`], behind endpoints that take every payload type.
const OTHER: &str = "other";

/// Counts and times every attempt at a message.
///
/// | metric | kind | labels |
/// |---|---|---|
/// | [`event_handled_total`](Self::HANDLED_TOTAL) | counter | `payload_type`, `outcome`, `code` |
/// | [`event_handle_duration_seconds`](Self::DURATION_SECONDS) | histogram, seconds | `payload_type` |
///
/// `outcome` is `ack`, `retry`, `defer`, `dead_letter` or `discard`; `code` is the failure's code, or `none`. Names that
/// somebody else chooses make no labels without end: what a router has no handler for counts as `unregistered`, and
/// around a function that takes everything, payload types beyond the first 1024 count as `other`.
///
/// Install the recorder before the first message is handled: the layer keeps the recorder's own handles, so that
/// a message costs no label.
#[derive(Clone, Default)]
pub struct Metrics(Arc<RwLock<HashMap<String, Arc<Series>, RandomState>>>);

impl Metrics {
    /// Attempts by payload type, outcome and failure code.
    pub const HANDLED_TOTAL: &'static str = "event_handled_total";

    /// How long attempts took, in seconds, by payload type.
    pub const DURATION_SECONDS: &'static str = "event_handle_duration_seconds";

    /// The layer; it has nothing to configure. A clone shares its handles.
    pub fn new() -> Self {
        Self::default()
    }

    fn series(&self, payload_type: &str, registered: impl Fn(&str) -> bool) -> Arc<Series> {
        match self.known(payload_type) {
            Some(series) => series,
            None if registered(payload_type) => self.add_series(payload_type),
            None => self.known(UNREGISTERED).unwrap_or_else(|| self.add_series(UNREGISTERED)),
        }
    }

    fn known(&self, payload_type: &str) -> Option<Arc<Series>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(payload_type).cloned()
    }

    #[cold]
    fn add_series(&self, payload_type: &str) -> Arc<Series> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let full = all.len() >= MAX_PAYLOAD_TYPES && !all.contains_key(payload_type);
        let name = if full { OTHER } else { payload_type };
        let series = all.entry(name.to_owned()).or_insert_with(|| Arc::new(Series::new(name)));
        Arc::clone(series)
    }
}

impl Layer for Metrics {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        let payload_type = &*incoming.message().metadata().payload_type;
        let series = self.series(payload_type, |name| next.has_handler(name));
        let start = Instant::now();
        Box::pin(Measured { series, start, handling: next.run(incoming) })
    }
}

/// A handling whose outcome and duration are recorded.
struct Measured<'a> {
    series: Arc<Series>,
    start: Instant,
    handling: BoxFuture<'a, Outcome>,
}

impl Future for Measured<'_> {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Outcome> {
        let polled = self.handling.as_mut().poll(task);
        if let Poll::Ready(outcome) = &polled {
            self.series.counter(outcome).increment(1);
            self.series.duration.record(self.start.elapsed().as_secs_f64());
        }
        polled
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// The recorder's handles for one payload type; a counter is registered when it is first needed.
struct Series {
    payload_type: SharedString,
    duration: Histogram,
    ack: OnceLock<Counter>,
    discard: OnceLock<Counter>,
    defer: OnceLock<Counter>,
    retry: [OnceLock<Counter>; FailureCode::ALL.len()],
    dead_letter: [OnceLock<Counter>; FailureCode::ALL.len()],
}

impl Series {
    fn new(payload_type: &str) -> Self {
        let payload_type = SharedString::from(payload_type.to_owned());
        let duration = metrics::histogram!(Metrics::DURATION_SECONDS, "payload_type" => payload_type.clone());
        Self {
            payload_type,
            duration,
            ack: OnceLock::new(),
            discard: OnceLock::new(),
            defer: OnceLock::new(),
            retry: std::array::from_fn(|_| OnceLock::new()),
            dead_letter: std::array::from_fn(|_| OnceLock::new()),
        }
    }

    fn counter(&self, outcome: &Outcome) -> &Counter {
        let slot = match outcome {
            Outcome::Ack => Some(&self.ack),
            Outcome::Discard { .. } => Some(&self.discard),
            Outcome::Defer { .. } => Some(&self.defer),
            Outcome::Retry { failure, .. } => self.retry.get(failure.code as usize),
            Outcome::DeadLetter { failure } => self.dead_letter.get(failure.code as usize),
        };
        // Every code has its slot; the acknowledgements' stands in for the arithmetic's impossible case.
        slot.unwrap_or(&self.ack).get_or_init(|| {
            metrics::counter!(
                Metrics::HANDLED_TOTAL,
                "payload_type" => self.payload_type.clone(),
                "outcome" => outcome.label(),
                "code" => outcome.failure().map_or("none", |failure| failure.code.as_str()),
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use metrics::{
        CounterFn, Gauge, HistogramFn, Key, KeyName, Metadata as SeriesMetadata, Recorder, SharedString, Unit,
    };

    use super::*;
    use crate::codec::Codec;
    use crate::envelope::{Message, Metadata};
    use crate::handler::Endpoint;
    use crate::layer::Layered;
    use crate::outcome::HandlerError;
    use crate::router::MessageRouter;

    /// Values by series: the sum of a counter, the number of a histogram's records.
    #[derive(Clone, Default)]
    struct Values(Arc<Mutex<BTreeMap<String, u64>>>);

    struct Value(Values, String);

    impl Value {
        fn add(&self, value: u64) {
            *self.0.0.lock().unwrap().entry(self.1.clone()).or_default() += value;
        }
    }

    impl CounterFn for Value {
        fn increment(&self, value: u64) {
            self.add(value);
        }

        fn absolute(&self, _: u64) {}
    }

    impl HistogramFn for Value {
        fn record(&self, seconds: f64) {
            assert!(seconds >= 0.0);
            self.add(1);
        }
    }

    impl Values {
        fn value(&self, key: &Key) -> Arc<Value> {
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            Arc::new(Value(self.clone(), format!("{} {}", key.name(), labels.join(" "))))
        }
    }

    impl Recorder for Values {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &SeriesMetadata<'_>) -> Counter {
            Counter::from_arc(self.value(key))
        }

        fn register_gauge(&self, _: &Key, _: &SeriesMetadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, key: &Key, _: &SeriesMetadata<'_>) -> Histogram {
            Histogram::from_arc(self.value(key))
        }
    }

    /// What is recorded when messages of these payload types come to `endpoint`.
    fn recorded(endpoint: &impl Endpoint, payload_types: &[&str]) -> Vec<(String, u64)> {
        let values = Values::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        metrics::with_local_recorder(&values, || {
            for payload_type in payload_types {
                let metadata = Metadata::new((*payload_type).to_owned(), 1);
                let message = Codec::Native.encode_raw(metadata, "{}", None).unwrap();
                runtime.block_on(endpoint.handle(Incoming::new(message)));
            }
        });
        let values = values.0.lock().unwrap();
        values.iter().map(|(series, value)| (series.clone(), *value)).collect()
    }

    #[test]
    fn attempts_count_by_payload_type_outcome_and_code() {
        let router = MessageRouter::new()
            .on_type("good", async || {})
            .on_type("bad", async || Err::<(), _>(HandlerError::retry("not now")))
            .layer(Metrics::new());
        let series = recorded(&router, &["good", "good", "bad", "forged-1", "forged-2"]);
        let expected = [
            ("event_handle_duration_seconds payload_type=bad", 1),
            ("event_handle_duration_seconds payload_type=good", 2),
            ("event_handle_duration_seconds payload_type=unregistered", 2),
            ("event_handled_total payload_type=bad outcome=retry code=HANDLER_FAILED", 1),
            ("event_handled_total payload_type=good outcome=ack code=none", 2),
            (
                "event_handled_total payload_type=unregistered outcome=dead_letter code=UNKNOWN_PAYLOAD_TYPE",
                2,
            ),
        ];
        assert_eq!(series, expected.map(|(series, value)| (series.to_owned(), value)));
    }

    #[test]
    fn names_from_the_wire_make_no_series_without_end() {
        let layer = Metrics::new();
        let endpoint = Layered::new(async |_: Message| {}).layer(layer.clone());
        let names: Vec<String> = (0..MAX_PAYLOAD_TYPES + 50).map(|number| format!("type-{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let series = recorded(&endpoint, &names);
        let other = "event_handled_total payload_type=other outcome=ack code=none";
        assert_eq!(series.iter().find(|(name, _)| name == other).map(|(_, value)| *value), Some(50));
        assert_eq!(layer.0.read().unwrap().len(), MAX_PAYLOAD_TYPES + 1);
    }

    #[test]
    fn every_code_has_a_counter_of_its_own() {
        for (index, code) in FailureCode::ALL.iter().enumerate() {
            assert_eq!(*code as usize, index);
        }
    }
}
