use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(pattern(""))]
    value: String,
}

fn main() {}
