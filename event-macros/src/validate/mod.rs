//! `#[derive(Validate)]`.

mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diagnostics::Diagnostics;

/// The code for a type that derives `Validate`.
pub(crate) fn derive(tokens: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Diagnostics::new();
    let checked = check::check(&input, &mut errors);
    match (errors.finish(), checked) {
        (None, Some(checked)) => expand::expand(&input, &checked),
        (errors, _) => fallback::fallback(&input, errors),
    }
}
