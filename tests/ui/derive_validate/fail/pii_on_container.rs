use event_runtime::Validate;

#[derive(Validate)]
#[pii]
struct Checked {
    
    value: String,
}

fn main() {}
