use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern("(a)\\1"))]
    value: String,
}

fn main() {}
