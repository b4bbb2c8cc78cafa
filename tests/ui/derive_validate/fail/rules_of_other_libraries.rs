use event_runtime::Validate;

#[derive(Validate)]
struct Order {
    #[validate(len(min = 1), regex("^[a-z]+$"), not_empty)]
    id: String,
    #[validate(minimum = 1, length(minimum = 1))]
    lines: Vec<u8>,
    #[validate(range(gt = 0, eq = 3))]
    amount: u32,
    #[validate(optional, uri, pii)]
    page: String,
}

fn main() {}
