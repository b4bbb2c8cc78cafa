use event_runtime::Event;

/// It happened.
#[derive(Event)]
struct Happened {
    id: String,
}

fn main() {}
