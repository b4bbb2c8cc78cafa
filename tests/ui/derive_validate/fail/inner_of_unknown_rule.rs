use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(inner(emial))]
    value: Vec<String>,
}

fn main() {}
