use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(custom(chekc))]
    value: String,
}

fn main() {}
