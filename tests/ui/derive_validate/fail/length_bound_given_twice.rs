use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length(min = 5, min = 6))]
    value: String,
}

fn main() {}
