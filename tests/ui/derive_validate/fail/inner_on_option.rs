use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(inner(email))]
    value: Option<String>,
}

fn main() {}
