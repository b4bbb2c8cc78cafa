use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(inner(email))]
    value: Vec<u32>,
}

fn main() {}
