use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern("^\\p{L}+$"))]
    value: String,
}

fn main() {}
