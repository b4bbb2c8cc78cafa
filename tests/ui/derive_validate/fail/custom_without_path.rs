use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(custom)]
    value: String,
}

fn main() {}
