//! `message_pack!`.

mod check;
mod expand;
mod fallback;
mod input;
mod model;

use proc_macro2::TokenStream;

use crate::diagnostics::Diagnostics;

/// The code of a pack.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let input: input::Input = match syn::parse2(tokens) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Diagnostics::new();
    let pack = check::check(&input, &mut errors);
    match errors.finish() {
        None => expand::expand(&pack),
        Some(errors) => fallback::fallback(&pack, &errors),
    }
}
