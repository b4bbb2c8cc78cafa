use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(nested)]
    value: Option<String>,
}

fn main() {}
