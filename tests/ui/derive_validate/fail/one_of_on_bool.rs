use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of("true"))]
    value: bool,
}

fn main() {}
