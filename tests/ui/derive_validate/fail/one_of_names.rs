use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of(small, large))]
    value: String,
}

fn main() {}
