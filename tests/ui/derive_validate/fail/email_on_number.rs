use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(email)]
    value: u32,
}

fn main() {}
