use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(email)]
    value: Vec<String>,
}

fn main() {}
