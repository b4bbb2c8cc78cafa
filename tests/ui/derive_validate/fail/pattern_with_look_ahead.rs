use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern("(?=a)b"))]
    value: String,
}

fn main() {}
