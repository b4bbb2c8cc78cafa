use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(range(min))]
    value: u32,
}

fn main() {}
