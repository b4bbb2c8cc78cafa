use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(range(max = 99999999999999999999))]
    value: Amount,
}

type Amount = u128;

fn main() {}
