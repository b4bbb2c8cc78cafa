use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(email(strict))]
    value: String,
}

fn main() {}
