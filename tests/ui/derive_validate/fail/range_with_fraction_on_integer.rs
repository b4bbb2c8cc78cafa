use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(range(max = 0.5))]
    value: u32,
}

fn main() {}
