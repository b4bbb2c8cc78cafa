use event_runtime::Validate;

#[derive(Validate)]
struct Line(#[validate(length(min = 1))] String);

#[derive(Validate)]
struct Order(#[validate(nested, skip)] Vec<Line>);

fn main() {}
