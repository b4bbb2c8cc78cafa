use event_runtime::MessageRouter;

struct OrderPaid;

async fn handler(_: OrderPaid) {}

fn main() {
    let _ = MessageRouter::new().on(handler);
}
