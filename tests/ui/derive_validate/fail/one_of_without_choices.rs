use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of())]
    value: String,
}

fn main() {}
