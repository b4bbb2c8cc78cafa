use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern("5"))]
    value: u32,
}

fn main() {}
