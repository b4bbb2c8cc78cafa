use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern("(a"))]
    value: String,
}

fn main() {}
