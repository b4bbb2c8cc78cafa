use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of("a"))]
    value: u32,
}

fn main() {}
