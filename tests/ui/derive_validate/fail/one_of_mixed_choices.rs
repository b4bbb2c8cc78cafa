use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(one_of("a", 1))]
    value: Kind,
}

type Kind = String;

fn main() {}
