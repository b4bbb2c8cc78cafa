use event_runtime::{Message, MessageRouter};

struct Database;

async fn handler(_: Message, _: Database) {}

fn main() {
    let _ = MessageRouter::new().on_type("legacy.event", handler);
}
