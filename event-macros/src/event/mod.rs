//! `#[derive(Event)]`.

mod check;
mod expand;
mod fallback;
mod input;
mod model;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::committed::{self, Candidate, Committed};
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
    if let Some(event) = &event {
        compare_with_committed(event, &mut errors);
    }
    let errors = errors.finish();
    match event {
        // What the first gate refuses leaves the event as it is, for its uses and for the versions that follow it.
        Some(event) => {
            let expansion = expand::expand(&input, &event, origin);
            quote!(#errors #expansion)
        }
        None => fallback::fallback(&input, &raw, errors, origin),
    }
}

/// The first gate of schemas.
fn compare_with_committed(event: &model::Event, errors: &mut Diagnostics) {
    let folder = event.schemas.as_deref();
    let Some(committed) = Committed::read(folder, &event.payload_type, event.version) else { return };
    let candidate = Candidate {
        name: &event.name,
        version: event.version,
        fields: &event.fields,
        tag: event.tag.as_deref(),
        protected: event.compatibility.protected(),
    };
    committed::compare(&candidate, &committed, errors);
}
