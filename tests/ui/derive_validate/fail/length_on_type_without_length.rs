use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length(min = 5))]
    value: Amount,
}

type Amount = u32;

fn main() {}
