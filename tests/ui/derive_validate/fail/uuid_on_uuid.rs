use event_runtime::Validate;

#[derive(Validate)]
struct Checked {
    #[validate(uuid)]
    value: Uuid,
}

struct Uuid;

fn main() {}
