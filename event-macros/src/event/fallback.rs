//! What stands in for an event with a mistake, so that its uses do not become errors too.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, Generics, LitInt, LitStr, parse_quote};

use super::input::Input;
use crate::attribute::Given;
use crate::catalogue;
use crate::runtime_path::RuntimePath;
use crate::shape::Shape;

pub(super) fn fallback(
    input: &DeriveInput,
    raw: &Input,
    errors: Option<TokenStream>,
    origin: u64,
) -> TokenStream {
    let (runtime, name) = (&raw.runtime, &input.ident);
    if let Data::Union(_) = input.data {
        let row = catalogue::row_macro(name, &input.vis, origin, "");
        return quote!(#errors #row);
    }
    let generics = generics(input, runtime);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let (version, rust_name) = (version(raw), name.unraw().to_string());
    let payload_type = payload_type(raw).unwrap_or_else(|| rust_name.clone());
    let constructor = constructor(input, raw);
    let row = catalogue::row_macro(name, &input.vis, origin, "");
    quote! {
        #errors

        const _: () = {
            #constructor

            #[automatically_derived]
            impl #impl_generics #runtime::Validate for #name #type_generics #where_clause {
                fn validate_into(&self, _validator: &mut #runtime::Validator) {}
            }

            #[automatically_derived]
            impl #impl_generics #runtime::Event for #name #type_generics #where_clause {
                const PAYLOAD_TYPE: &'static str = #payload_type;
                const VERSION: u32 = #version;
                const DESCRIPTOR: &'static #runtime::EventDescriptor =
                    &#runtime::EventDescriptor::of::<Self>(#rust_name, "");
            }
        };

        #row
    }
}

/// The type's generics, with what they must promise for the type to be an event.
fn generics(input: &DeriveInput, runtime: &RuntimePath) -> Generics {
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        let (_, type_generics, _) = input.generics.split_for_impl();
        let name = &input.ident;
        let promise = parse_quote! {
            #name #type_generics: #runtime::Serialize
                + #runtime::DeserializeOwned
                + #runtime::JsonSchema
                + #runtime::Send
                + #runtime::Sync
                + 'static
        };
        generics.make_where_clause().predicates.push(promise);
    }
    generics
}

/// The payload type that was written, where it can be read: other versions of the event are compared with it.
fn payload_type(raw: &Input) -> Option<String> {
    match &raw.get("type")?.given {
        Given::Value(tokens) => syn::parse2::<LitStr>(tokens.clone()).ok().map(|text| text.value()),
        _ => None,
    }
}

/// The version that was written, where it can be read.
fn version(raw: &Input) -> u32 {
    let written = raw.get("version").and_then(|argument| match &argument.given {
        Given::Value(tokens) => syn::parse2::<LitInt>(tokens.clone()).ok(),
        _ => None,
    });
    written.and_then(|number| number.base10_parse().ok()).unwrap_or(1)
}

/// A constructor with the parameters that the real one would most likely have.
fn constructor(input: &DeriveInput, raw: &Input) -> Option<TokenStream> {
    let name = match raw.get("new").map(|argument| &argument.given) {
        None => format_ident!("new"),
        Some(Given::Value(tokens)) => syn::parse2(tokens.clone()).ok()?,
        Some(_) => return None,
    };
    let Data::Struct(data) = &input.data else { return None };
    let (event, visibility) = (&input.ident, &input.vis);
    let parameters: Vec<_> = match &data.fields {
        Fields::Named(fields) => fields
            .named
            .iter()
            .filter(|field| !Shape::of(&field.ty).is_option() && !has_serde_default(field))
            .map(|field| {
                let (name, ty) = (&field.ident, &field.ty);
                quote!(#name: #ty)
            })
            .collect(),
        _ => Vec::new(),
    };
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    Some(quote! {
        #[allow(unused_variables, clippy::too_many_arguments, clippy::new_without_default)]
        impl #impl_generics #event #type_generics #where_clause {
            #[allow(missing_docs, dead_code)]
            #visibility fn #name(#(#parameters),*) -> Self {
                loop {}
            }
        }
    })
}

fn has_serde_default(field: &syn::Field) -> bool {
    field.attrs.iter().any(|attribute| {
        let tokens = quote!(#attribute).to_string();
        attribute.path().is_ident("serde") && (tokens.contains("default") || tokens.contains("skip"))
    })
}
