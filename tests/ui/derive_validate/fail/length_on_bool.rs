use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length(min = 5))]
    value: Option<bool>,
}

fn main() {}
