use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate()]
    value: String,
}

fn main() {}
