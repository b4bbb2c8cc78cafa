use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(email)]
    #[validate(email)]
    value: String,
}

fn main() {}
