use event_runtime::Validate;

#[derive(Validate)]
#[validate(unique)]
struct Checked {
    #[validate(emial, length(min = 5, max = 4), range(min = "1"), one_of())]
    value: String,
}

fn main() {}
