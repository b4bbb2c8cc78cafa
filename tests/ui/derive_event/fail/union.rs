use event_runtime::Event;

/// It happened.
#[derive(Event)]
union Happened {
    id: u32,
}

fn main() {}
