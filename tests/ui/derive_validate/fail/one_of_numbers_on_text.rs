use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of(1, 2))]
    value: String,
}

fn main() {}
