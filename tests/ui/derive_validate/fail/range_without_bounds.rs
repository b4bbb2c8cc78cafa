use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(range())]
    value: u32,
}

fn main() {}
