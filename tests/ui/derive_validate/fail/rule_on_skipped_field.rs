use event_runtime::Validate;
use serde::Deserialize;

#[derive(Validate)]
#[derive(Deserialize)]
struct Checked {
    #[serde(skip)]
    #[validate(email)]
    value: String,
}

fn main() {}
