use std::collections::BTreeMap;

use event_runtime::Validate;

#[derive(Validate)]
struct Line(#[validate(length(min = 1))] String);

#[derive(Validate)]
enum Order {
    Placed { lines: Option<Vec<Line>> },
    Tree(#[validate(required)] BTreeMap<String, Box<Self>>),
}

fn main() {}
