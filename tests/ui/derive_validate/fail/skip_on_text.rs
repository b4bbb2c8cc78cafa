use event_runtime::Validate;

#[derive(Validate)]
struct Order {
    #[validate(skip)]
    note: Option<String>,
    #[validate(skip(now))]
    line: Line,
    #[validate(inner(skip))]
    lines: Vec<Line>,
}

#[derive(Validate)]
struct Line;

fn main() {}
