use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length(min = 5, max = 4))]
    value: String,
}

fn main() {}
