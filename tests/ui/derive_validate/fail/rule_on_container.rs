use event_runtime::Validate;

#[derive(Validate)]
#[validate(email)]
struct Checked {
    
    value: String,
}

fn main() {}
