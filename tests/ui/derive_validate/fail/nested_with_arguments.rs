use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(nested(all))]
    value: Vec<Inner>,
}

struct Inner;

fn main() {}
