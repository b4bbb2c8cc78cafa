use event_runtime::Validate;

#[derive(Validate)]
#[validate(unique)]
struct Checked {
    
    value: String,
}

fn main() {}
