use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(length(mim = 5))]
    value: String,
}

fn main() {}
