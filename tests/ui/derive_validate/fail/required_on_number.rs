use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(required)]
    value: u32,
}

fn main() {}
