//! What emitting leaves in metrics and traces: ids, types and results, never payloads.

use std::sync::Arc;

use crate::envelope::Message;
use crate::pool::EmitErrorKind;
use crate::transport::{ProduceError, ProduceErrorKind};

/// The label of payload types that no pack lists.
pub(super) const UNREGISTERED: &str = "unregistered";

/// The payload type's label for an emitter that knows no packs: what was emitted from a type of this program goes
/// by its name, what came from the wire does not.
pub(super) fn label_of(message: &Message) -> metrics::SharedString {
    metrics::SharedString::const_str(message.declared().unwrap_or(UNREGISTERED))
}

/// One producer has answered for one message.
pub(super) fn emitted(
    producer: &Arc<str>,
    label: &metrics::SharedString,
    message: &Message,
    error: Option<&ProduceError>,
) {
    let result = error.map_or("ok", |error| result_label(error.kind()));
    metrics::counter!("event_emitted_total",
        "payload_type" => label.clone(), "producer" => producer.clone(), "result" => result)
    .increment(1);
    let metadata = message.metadata();
    match error {
        None => {
            tracing::debug!(id = %metadata.id, payload_type = %metadata.payload_type, %producer, "event emitted");
        }
        Some(error) => tracing::warn!(
            id = %metadata.id, payload_type = %metadata.payload_type, %producer, kind = result, %error,
            "event not taken by a producer"
        ),
    }
}

/// A message was turned away before any producer saw it.
pub(super) fn refused(
    pool: &Arc<str>,
    label: &metrics::SharedString,
    message: &Message,
    kind: EmitErrorKind,
) {
    let metadata = message.metadata();
    metrics::counter!("event_emit_refused_total",
        "payload_type" => label.clone(), "pool" => pool.clone(), "reason" => kind.as_str())
    .increment(1);
    tracing::warn!(
        id = %metadata.id, payload_type = %metadata.payload_type, %pool, reason = kind.as_str(),
        "event refused by the pool"
    );
}

/// How many messages the background queue of a pool holds.
pub(super) fn pending(pool: &Arc<str>, count: usize) {
    // Precise up to 2^53 messages.
    metrics::gauge!("event_emit_async_pending", "pool" => pool.clone()).set(count as f64);
}

/// The background queue gave a message up.
pub(super) fn gave_up(pool: &Arc<str>, label: &metrics::SharedString) {
    metrics::counter!("event_emit_async_failed_total", "payload_type" => label.clone(), "pool" => pool.clone())
        .increment(1);
}

fn result_label(kind: ProduceErrorKind) -> &'static str {
    match kind {
        ProduceErrorKind::Unavailable => "unavailable",
        ProduceErrorKind::Throttled => "throttled",
        ProduceErrorKind::TooLarge => "too_large",
        ProduceErrorKind::Refused => "refused",
        ProduceErrorKind::NotFound => "not_found",
        ProduceErrorKind::Unauthorized => "unauthorized",
        ProduceErrorKind::Closed => "closed",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;
    use std::sync::{Mutex, PoisonError};
    use std::time::Duration;

    use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
    use tracing::field::{Field, Visit};
    use tracing::{Event, Subscriber, span};

    use super::*;
    use crate::codec::Codec;
    use crate::pool::{Emitter, ProducersPool};
    use crate::transport::Producer;

    /// Takes every message but those that are told to fail.
    struct Moody;

    impl Producer for Moody {
        fn id(&self) -> &str {
            "moody"
        }

        async fn produce(&self, message: &Message) -> Result<(), ProduceError> {
            match &*message.metadata().id {
                "bad" => Err(ProduceError::new(ProduceErrorKind::TooLarge, "too large")),
                "slow" => std::future::pending().await,
                _ => Ok(()),
            }
        }
    }

    fn pool() -> ProducersPool {
        let builder = ProducersPool::builder("main").producer(Moody).external_payload_types(["known"]);
        builder.route_types("moody", ["known", "?"]).build().unwrap()
    }

    fn message(payload_type: &str, id: &str) -> Message {
        let mut metadata = crate::envelope::Metadata::new(payload_type.to_owned(), 1);
        metadata.id = id.into();
        Codec::Native.encode_raw(metadata, r#"{"secret":"hunter2"}"#, None).unwrap()
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    /// Keeps the keys of the counters that were asked for.
    #[derive(Default)]
    struct Keys(Mutex<Vec<String>>);

    impl Recorder for Keys {
        fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
        fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

        fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
            let labels: Vec<&str> = key.labels().map(|label| label.value()).collect();
            let line = format!("{} {}", key.name(), labels.join(" "));
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            Counter::noop()
        }

        fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
            Gauge::noop()
        }

        fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
            Histogram::noop()
        }
    }

    #[test]
    fn results_are_counted_by_type_producer_and_result() {
        let keys = Keys::default();
        metrics::with_local_recorder(&keys, || {
            block_on(async {
                pool().emit(message("known", "good")).await.unwrap();
                pool().emit(message("known", "bad")).await.unwrap_err();
                pool().emit(message("foreign", "good")).await.unwrap();
                let nowhere = ProducersPool::builder("main").producer(Moody).external_payload_types(["a"]);
                let nowhere = nowhere.route_types("moody", ["a"]).build().unwrap();
                nowhere.emit(message("foreign", "good")).await.unwrap_err();
            });
        });
        assert_eq!(
            *keys.0.lock().unwrap(),
            [
                "event_emitted_total known moody ok",
                "event_emitted_total known moody too_large",
                "event_emitted_total unregistered moody ok",
                "event_emit_refused_total unregistered main no_route",
            ]
        );
    }

    /// Keeps what events say.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Lines {
        fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
            metadata.target().starts_with("event_runtime")
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}

        fn event(&self, event: &Event<'_>) {
            let mut line = Line(event.metadata().level().to_string());
            event.record(&mut line);
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.0);
        }
    }

    struct Line(String);

    impl Visit for Line {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.push_str(&format!(" {field}={value:?}"));
        }
    }

    #[test]
    fn a_pool_that_is_dropped_with_unsent_events_says_how_many() {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || {
            block_on(async {
                let pool = pool();
                pool.enqueue(message("known", "slow")).unwrap();
                pool.enqueue(message("known", "slow")).unwrap();
                drop(pool);
                let closed = super::tests::pool();
                closed.enqueue(message("known", "good")).unwrap();
                assert!(closed.close(Duration::from_secs(60)).await.is_empty());
            });
        });
        let lines = lines.0.lock().unwrap();
        let warnings: Vec<_> = lines.iter().filter(|line| line.starts_with("WARN")).collect();
        assert_eq!(warnings.len(), 1, "{lines:?}");
        assert!(warnings[0].contains("unsent=2"));
    }

    #[test]
    fn no_payload_is_logged() {
        let lines = Lines::default();
        tracing::subscriber::with_default(lines.clone(), || {
            block_on(async {
                pool().emit(message("known", "good")).await.unwrap();
                let error = pool().emit(message("known", "bad")).await.unwrap_err();
                tracing::error!(?error, "shown");
            });
        });
        let lines = lines.0.lock().unwrap();
        assert_eq!(lines.len(), 3);
        assert!(!lines.iter().any(|line| line.contains("hunter2")), "{lines:?}");
    }
}
