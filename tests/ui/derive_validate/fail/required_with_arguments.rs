use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(required(true))]
    value: String,
}

fn main() {}
