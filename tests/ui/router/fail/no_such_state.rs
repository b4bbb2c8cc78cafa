use event_runtime::{MessageRouter, State};

#[derive(Clone)]
struct Database;

async fn handler(_: State<Database>) {}

fn main() {
    let _ = MessageRouter::new().on_type("legacy.event", handler).with_state(Database);
}
