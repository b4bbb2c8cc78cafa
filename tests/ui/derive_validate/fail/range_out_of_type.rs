use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(range(min = -1, max = 300))]
    value: u8,
}

fn main() {}
