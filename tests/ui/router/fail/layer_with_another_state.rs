use event_runtime::layer::{Next, layer_fn_with};
use event_runtime::{Incoming, MessageRouter, Outcome};

async fn count(_: &u64, incoming: Incoming, next: Next<'_>) -> Outcome {
    next.run(incoming).await
}

fn main() {
    let _ = MessageRouter::new().layer(layer_fn_with("seven", count));
}
