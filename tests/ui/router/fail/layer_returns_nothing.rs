use event_runtime::layer::{Next, layer_fn};
use event_runtime::{Incoming, MessageRouter};

async fn forgetful(incoming: Incoming, next: Next<'_>) {
    next.run(incoming).await;
}

fn main() {
    let _ = MessageRouter::new().layer(layer_fn(forgetful));
}
