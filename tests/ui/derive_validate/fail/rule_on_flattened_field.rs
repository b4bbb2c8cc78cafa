use event_runtime::Validate;
use serde::Deserialize;

#[derive(Validate)]
#[derive(Deserialize)]
struct Checked {
    #[serde(flatten)]
    #[validate(length(min = 1))]
    value: Inner,
}
#[derive(Deserialize)]
struct Inner;

fn main() {}
