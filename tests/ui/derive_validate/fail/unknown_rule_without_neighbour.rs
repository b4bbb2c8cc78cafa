use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(phone)]
    value: String,
}

fn main() {}
