//! What stands in for a type with a mistake, so that its uses do not become errors too.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::runtime_path::RuntimePath;

pub(super) fn fallback(input: &DeriveInput, errors: Option<TokenStream>) -> TokenStream {
    let runtime = RuntimePath::default();
    let name = &input.ident;
    let (impl_generics, type_generics, where_clause) = input.generics.split_for_impl();
    quote! {
        #errors

        #[automatically_derived]
        impl #impl_generics #runtime::Validate for #name #type_generics #where_clause {
            fn validate_into(&self, _validator: &mut #runtime::Validator) {}
        }
    }
}
