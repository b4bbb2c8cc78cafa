use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(inner())]
    value: Vec<String>,
}

fn main() {}
