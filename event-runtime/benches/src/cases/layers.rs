//! What each layer adds to a call.

use std::time::Duration;

use event_runtime::layer::{CatchPanic, ConcurrencyLimit, Metrics, Next, Timeout, TraceSpan, layer_fn};
use event_runtime::{Codec, Incoming, MessageRouter, Metadata};

use super::dispatch::{route, router};

pub(super) fn run() {
    let message = Codec::Native.encode_raw(Metadata::new("shop.entity005.changed", 1), "{}", None).unwrap();
    let with = |name: &str, layer: &dyn Fn(MessageRouter) -> MessageRouter| {
        route(&format!("layer.{name}.first"), &message, &layer(router(10)));
        route(&format!("layer.{name}.second"), &message, &layer(layer(router(10))));
    };
    with("function", &|router| {
        router.layer(layer_fn(async |incoming: Incoming, next: Next<'_>| next.run(incoming).await))
    });
    with("timeout", &|router| router.layer(Timeout::new(Duration::from_secs(30))));
    with("catch_panic", &|router| router.layer(CatchPanic::new()));
    with("concurrency_limit", &|router| router.layer(ConcurrencyLimit::new(64)));
    with("metrics", &|router| router.layer(Metrics::new()));
    with("trace_span", &|router| router.layer(TraceSpan::new()));
}
