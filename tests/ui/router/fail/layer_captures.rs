use event_runtime::MessageRouter;
use event_runtime::layer::{Next, layer_fn};
use event_runtime::{Incoming, Outcome};

fn main() {
    let limit = 3;
    let _ = MessageRouter::new().layer(layer_fn(async move |incoming: Incoming, next: Next<'_>| {
        match incoming.attempt() > limit {
            true => Outcome::discard("enough"),
            false => next.run(incoming).await,
        }
    }));
}
