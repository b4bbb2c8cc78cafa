//! The macros behind `event-runtime`; use them through that crate, which documents them where they are
//! re-exported.
//!
//! Each macro has the same stages in files of the same names: `input` reads syntax, `check` finds every mistake,
//! `model` cannot hold one, `expand` writes code, `fallback` keeps follow-on errors away.

mod attribute;
mod catalogue;
mod committed;
mod diagnostics;
mod event;
mod fields;
#[cfg(test)]
mod golden;
mod habits;
mod message_pack;
mod nearest;
mod rules;
mod runtime_path;
mod serde_names;
mod shape;
mod validate;

use std::hash::{DefaultHasher, Hash, Hasher};

use proc_macro::{Span, TokenStream};

/// `#[derive(Event)]`.
#[proc_macro_derive(Event, attributes(event, event_description, field_description, validate, pii))]
pub fn derive_event(input: TokenStream) -> TokenStream {
    event::derive(input.into(), origin()).into()
}

/// `#[derive(Validate)]`.
#[proc_macro_derive(Validate, attributes(field_description, validate, pii))]
pub fn derive_validate(input: TokenStream) -> TokenStream {
    validate::derive(input.into()).into()
}

/// `message_pack!`.
#[proc_macro]
pub fn message_pack(input: TokenStream) -> TokenStream {
    message_pack::expand(input.into()).into()
}

/// A number of the place that a macro is called from.
fn origin() -> u64 {
    let place = Span::call_site();
    let mut hasher = DefaultHasher::new();
    (place.file(), place.line(), place.column()).hash(&mut hasher);
    hasher.finish()
}
