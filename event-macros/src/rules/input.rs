//! The rules as they are written.

use proc_macro2::TokenStream;
use syn::Attribute;

use crate::attribute::{self, Argument};
use crate::diagnostics::Diagnostics;

/// How an attribute of rules is written, for messages.
pub(super) const FORM: &str = "`#[validate(length(min = 1), …)]`";

/// The rules of every `#[validate(…)]` among `attributes`.
pub(super) fn of(attributes: &[Attribute], errors: &mut Diagnostics) -> Vec<Argument> {
    attribute::arguments(attributes, "validate", FORM, errors)
}

/// The rules in `inner(…)`.
pub(super) fn nested(tokens: TokenStream, errors: &mut Diagnostics) -> Vec<Argument> {
    attribute::split(tokens, "`inner(length(min = 1), …)`", errors)
}
