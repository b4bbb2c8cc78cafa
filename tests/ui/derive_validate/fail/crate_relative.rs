use event_runtime::Validate;

#[derive(Validate)]
#[validate(crate = event_runtime)]
struct Checked {
    
    value: String,
}

fn main() {}
