use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(lenght(min = 1))]
    value: String,
}

fn main() {}
