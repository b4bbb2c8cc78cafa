use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length())]
    value: String,
}

fn main() {}
