//! `#[derive(Event)]`.

mod check;
mod expand;
mod fallback;
mod input;
mod model;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

/// The code for a type that derives `Event`; `origin` tells it apart from every other.
pub(crate) fn derive(tokens: TokenStream, origin: u64) -> TokenStream {
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Diagnostics::new();
    let raw = input::Input::read(&input, &mut errors);
    let event = check::check(&input, &raw, &mut errors);
    match (errors.finish(), event) {
        (None, Some(event)) => expand::expand(&event, origin),
        (errors, _) => fallback::fallback(&input, &raw, errors, origin),
    }
}
