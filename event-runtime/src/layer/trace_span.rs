//! A tracing span around each attempt.

use tokio::time::Instant;
use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

use crate::handler::Incoming;
use crate::layer::{Layer, Next};
use crate::outcome::Outcome;
use crate::transport::BoxFuture;

/// Opens a span `handle_message` (target `event_runtime`, level INFO) around each attempt at a message.
///
/// | field | value |
/// |---|---|
/// | `payload_type`, `version` | of the message |
/// | `message_id`, `correlation_id` | of the message; the latter where it has one |
/// | `attempt` | from 1 on |
/// | `outcome` | `ack`, `retry`, `dead_letter`, `discard` |
/// | `code` | the failure's code, where there is one |
/// | `elapsed_ms` | how long the attempt took, milliseconds with fraction |
///
/// Nothing of the payload and nothing of a failure's text is recorded. Where no subscriber wants the span, the
/// layer does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct TraceSpan;

impl TraceSpan {
    /// The layer; it has nothing to configure.
    pub fn new() -> Self {
        Self
    }
}

impl Layer for TraceSpan {
    fn call<'a>(&'a self, incoming: Incoming, next: Next<'a>) -> BoxFuture<'a, Outcome> {
        let span = span_of(&incoming);
        if span.is_disabled() {
            return next.run(incoming);
        }
        Box::pin(async move {
            let start = Instant::now();
            let outcome = next.run(incoming).instrument(span.clone()).await;
            record(&span, &outcome, start);
            outcome
        })
    }
}

fn span_of(incoming: &Incoming) -> Span {
    let metadata = incoming.message().metadata();
    info_span!(
        target: "event_runtime",
        "handle_message",
        payload_type = &*metadata.payload_type,
        version = metadata.version,
        message_id = &*metadata.id,
        correlation_id = metadata.correlation_id.as_deref(),
        attempt = incoming.attempt(),
        outcome = Empty,
        code = Empty,
        elapsed_ms = Empty,
    )
}

fn record(span: &Span, outcome: &Outcome, start: Instant) {
    span.record("outcome", outcome.label());
    if let Some(failure) = outcome.failure() {
        span.record("code", failure.code.as_str());
    }
    span.record("elapsed_ms", start.elapsed().as_secs_f64() * 1000.0);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata as SpanMetadata, Subscriber};

    use super::*;
    use crate::codec::Codec;
    use crate::envelope::Metadata;
    use crate::outcome::HandlerError;
    use crate::router::MessageRouter;

    /// Keeps the fields of all spans, and whether the handler ran inside one.
    #[derive(Clone, Default)]
    struct Spans(Arc<Mutex<BTreeMap<String, String>>>);

    struct Fields<'a>(&'a mut BTreeMap<String, String>);

    impl Visit for Fields<'_> {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.insert(field.name().to_owned(), format!("{value:?}"));
        }
    }

    impl Subscriber for Spans {
        fn enabled(&self, metadata: &SpanMetadata<'_>) -> bool {
            metadata.target() == "event_runtime"
        }

        fn new_span(&self, attributes: &Attributes<'_>) -> Id {
            let mut fields = self.0.lock().unwrap();
            fields.insert("name".to_owned(), attributes.metadata().name().to_owned());
            attributes.record(&mut Fields(&mut fields));
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut Fields(&mut self.0.lock().unwrap()));
        }

        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}

        fn enter(&self, _: &Id) {
            self.0.lock().unwrap().insert("entered".to_owned(), String::new());
        }

        fn exit(&self, _: &Id) {}
    }

    /// The fields of the span around one attempt, and the outcome.
    fn span_of_one_attempt(router: &MessageRouter, correlation: Option<&str>) -> BTreeMap<String, String> {
        let spans = Spans::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut metadata = Metadata::new("order.paid", 2);
        metadata.id = "event-1".into();
        metadata.correlation_id = correlation.map(Into::into);
        let message = Codec::Native.encode_raw(metadata, r#"{"card":"4111"}"#, None).unwrap();
        tracing::subscriber::with_default(spans.clone(), || {
            runtime.block_on(router.handle(Incoming::new(message).with_attempt(3)));
        });
        spans.0.lock().unwrap().clone()
    }

    #[test]
    fn the_span_says_what_was_handled_and_how_it_ended_and_nothing_of_the_payload() {
        let router = MessageRouter::new()
            .on_type("order.paid", async || Err::<(), _>(HandlerError::retry("card 4111 refused")))
            .layer(TraceSpan::new());
        let mut fields = span_of_one_attempt(&router, Some("chain-1"));
        let elapsed: f64 = fields.remove("elapsed_ms").unwrap().parse().unwrap();
        assert!(elapsed >= 0.0);
        let expected = [
            ("attempt", "3"),
            ("code", "\"HANDLER_FAILED\""),
            ("correlation_id", "\"chain-1\""),
            ("entered", ""),
            ("message_id", "\"event-1\""),
            ("name", "handle_message"),
            ("outcome", "\"retry\""),
            ("payload_type", "\"order.paid\""),
            ("version", "2"),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    }

    #[test]
    fn fields_without_a_value_are_absent() {
        let router = MessageRouter::new().on_type("order.paid", async || {}).layer(TraceSpan::new());
        let fields = span_of_one_attempt(&router, None);
        assert_eq!(fields.get("outcome").map(String::as_str), Some("\"ack\""));
        assert!(!fields.contains_key("code") && !fields.contains_key("correlation_id"));
    }
}
