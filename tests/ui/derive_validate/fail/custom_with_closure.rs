use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(custom(|text| true))]
    value: String,
}

fn main() {}
