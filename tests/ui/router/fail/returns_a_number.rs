use event_runtime::MessageRouter;

async fn handler() -> usize {
    1
}

fn main() {
    let _ = MessageRouter::new().fallback(handler);
}
