use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern(7))]
    value: String,
}

fn main() {}
