use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length(min = 5.5))]
    value: String,
}

fn main() {}
