use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(range(min = "5"))]
    value: u32,
}

fn main() {}
