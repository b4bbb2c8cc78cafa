use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of("a", "a"))]
    value: String,
}

fn main() {}
