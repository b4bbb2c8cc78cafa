use event_runtime::{Message, MessageRouter};

fn handler(_: Message) {}

fn main() {
    let _ = MessageRouter::new().on_type("legacy.event", handler);
}
