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
    fn call<'a>(&'a self, incoming: Incoming, next: Next) -> BoxFuture<'a, Outcome> {
        let span = span_of(&incoming);
        if span.is_disabled() {
            return Box::pin(next.run(incoming));
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
        message_id = metadata.id.as_str(),
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
