use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(inner(email))]
    value: String,
}

fn main() {}
