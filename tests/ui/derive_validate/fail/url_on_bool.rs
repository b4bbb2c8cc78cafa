use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(url)]
    value: bool,
}

fn main() {}
