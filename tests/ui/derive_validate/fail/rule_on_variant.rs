use event_runtime::Validate;

#[derive(Validate)]
enum Checked {
    #[validate(email)]
    Email(String),
}

fn main() {}
