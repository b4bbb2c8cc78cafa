use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(inner(email))]
    value: Names,
}

struct Names;

fn main() {}
