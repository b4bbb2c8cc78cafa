//! `#[validate(…)]`: the rules of a field, which both derives share.

mod check;
mod expand;
mod input;
mod model;
mod pattern;

pub(crate) use check::{FieldRules, check, check_container};
pub(crate) use expand::{Subject, calls, container_calls, data};
pub(crate) use model::{Bound, Rule, short};
